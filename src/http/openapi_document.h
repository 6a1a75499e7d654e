/*
 * openapi_document.h - docs/api/openapi.yaml as the build made JSON of it (openapi_embed.py).
 *
 * Threads: read-only.
 */
#ifndef FOOTFALL_HTTP_OPENAPI_DOCUMENT_H
#define FOOTFALL_HTTP_OPENAPI_DOCUMENT_H

#include <stddef.h>

#include "http/etag.h"

extern const unsigned char openapi_document[];
extern const size_t openapi_document_bytes;
extern const char openapi_document_etag[ETAG_BYTES + 1]; /* of its content, quotes included */

#endif
