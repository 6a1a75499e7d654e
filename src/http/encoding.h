/*
 * encoding.h - which compression of an answer the client takes, by its Accept-Encoding
 * (RFC 9110, section 12.5.3).
 *
 * Threads: pure functions.
 */
#ifndef FOOTFALL_HTTP_ENCODING_H
#define FOOTFALL_HTTP_ENCODING_H

#include "base/text.h"

enum encoding { ENCODING_NONE, ENCODING_GZIP, ENCODING_BROTLI, ENCODINGS };

/*
 * The smallest that is taken: brotli before gzip, whatever their weights; one of weight 0 is not
 * taken. "*" stands for what is not named. Absent or malformed fields take none.
 */
enum encoding encoding_choose(struct text accept_encoding);

/* For Content-Encoding; NULL for none. */
const char *encoding_name(enum encoding encoding);

#endif
