/*
 * target.h - the Footfall that a command talks to: a server by its URL, or a data folder.
 *
 * With --url (FOOTFALL_URL; default http://127.0.0.1:8080) and a key (FOOTFALL_KEY or --key-file)
 * it is that server. With --data DIR the folder is opened in this process (refused while a server
 * has it) and answers through the same HTTP API on a loopback port of its own, behind a random key:
 * so a command has one way to ask, and its answers are the server's.
 *
 * Threads: one at a time. A folder is served on a thread of its own.
 */
#ifndef FOOTFALL_CLI_TARGET_H
#define FOOTFALL_CLI_TARGET_H

#include <jansson.h>
#include <stddef.h>

#include "base/status.h"
#include "cli/command.h"

/* The flags that every command with a target has: put them into its table. */
extern const struct flag flag_url;
extern const struct flag flag_data;
extern const struct flag flag_key_file;

struct target; /* made by target_open(), freed by target_close() */

/* STATUS_INVALID: both --url and --data; a URL that is none. STATUS_BUSY: a server has the folder.
 * A server that is not there shows at the first call. */
MUST_USE enum status target_open(const struct arguments *arguments, struct target **out,
                                 struct error *err);
/* Stores everything when it was a folder; STATUS_OK then, or when it was a server. Accepts NULL. */
enum status target_close(struct target *target, struct error *err);

const char *target_url(const struct target *target); /* "http://127.0.0.1:41234", no slash */
const char *target_key(const struct target *target); /* NULL: none */

/*
 * Asks; path begins with "/v1/", escaped, with its query. *out is the answer, for the caller to
 * json_decref(). An error answer becomes *err, with the server's words, code, field, index, line:
 * STATUS_INVALID, STATUS_NOT_FOUND, STATUS_UNAUTHORIZED, STATUS_OVERLOADED (503: retry after
 * *err's words), STATUS_IO (no server there; the message says where).
 */
MUST_USE enum status target_get(struct target *target, const char *path, json_t **out,
                                struct error *err);
/* The same with a body. *out is set, and to be freed, also when the server answered an error with
 * counts (NDJSON); else NULL. */
MUST_USE enum status target_send(struct target *target, const char *method, const char *path,
                                 const char *content_type, const void *body, size_t body_bytes,
                                 json_t **out, struct error *err);

/* Appends a path segment or query value, percent-encoded. STATUS_TOO_LARGE. */
MUST_USE enum status target_escape(const char *value, char *out, size_t out_bytes,
                                   struct error *err);

#endif
