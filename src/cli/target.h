/*
 * target.h - the Footfall that a command talks to: a server by its URL, or a data folder.
 *
 * With --url (FOOTFALL_URL; default http://127.0.0.1:8080) and a key (FOOTFALL_KEY or --key-file)
 * it is that server. With --data DIR the folder is opened in this process (refused while a server
 * has it) and answers through the same HTTP API on a loopback port of its own, behind a random key:
 * so a command has one way to ask, and its answers are the server's. A folder is opened with the
 * settings that `serve` would read from FOOTFALL_CONFIG and the environment.
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

enum { TARGET_PATH_BYTES = 4096, TARGET_ANSWER_BYTES_MAX = 256 * 1024 * 1024 };

struct target; /* made by target_open(), freed by target_close() */

/*
 * STATUS_INVALID: both --url and --data; a URL or key that is none. STATUS_NOT_FOUND: no such
 * folder (it must be there, a data folder or empty: a mistyped name makes no new one).
 * STATUS_BUSY: a server has it. A server that is not there shows at the first call.
 */
MUST_USE enum status target_open(const struct arguments *arguments, struct target **out,
                                 struct error *err);
/* Stores everything when it was a folder; STATUS_OK then, or when it was a server. Accepts NULL. */
enum status target_close(struct target *target, struct error *err);
/* How a command ends: closes the target and says the first of both errors. Returns the exit code.
 */
int target_finish(struct target *target, enum status status, struct error *err);

const char *target_url(const struct target *target); /* "http://127.0.0.1:41234", no slash */
const char *target_key(const struct target *target); /* NULL: none */

/*
 * Asks; path begins with "/v1/", escaped, with its query. *out is the answer, an object, for the
 * caller to json_decref(). An error answer becomes *err, with the server's words, code, field,
 * index, line: STATUS_INVALID, STATUS_NOT_FOUND, STATUS_TOO_LARGE, STATUS_UNAUTHORIZED (with what
 * to do), STATUS_OVERLOADED (503; target_retry_after()), STATUS_IO (no server there: code
 * "no_server"; or something that is no Footfall; the message says where).
 */
MUST_USE enum status target_get(struct target *target, const char *path, json_t **out,
                                struct error *err);
/* The same with a body. *out is set, and to be freed, also when the server answered an error with
 * counts (NDJSON); else NULL. */
MUST_USE enum status target_send(struct target *target, const char *method, const char *path,
                                 const char *content_type, const void *body, size_t body_bytes,
                                 json_t **out, struct error *err);
/* As target_get(), but the answer is left as it came, for readers that must copy from it to the
 * byte; it may be changed in place, and is valid until the next call. */
MUST_USE enum status target_get_raw(struct target *target, const char *path, char **out,
                                    size_t *out_len, struct error *err);
/* Seconds that the last answer asked to wait before trying again; 0: it did not say. */
unsigned target_retry_after(const struct target *target);

/* A path or query that grows piece by piece. Start as {""}; what does not fit is remembered. */
struct target_path {
    char text[TARGET_PATH_BYTES];
    size_t len;
    bool too_long;
};
void path_put(struct target_path *path, const char *piece); /* as it is: "/v1/users/" */
/* Percent-encoded: a path segment or a query value. */
void path_put_escaped(struct target_path *path, const char *value);
/* "?name=value" or "&name=value"; nothing when value is NULL. */
void path_put_query(struct target_path *path, const char *name, const char *value);
/* STATUS_INVALID when it did not fit. */
MUST_USE enum status path_check(const struct target_path *path, struct error *err);

#endif
