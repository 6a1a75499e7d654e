/*
 * user_token.h - a credential that a page may hold: one user, some rights, an end.
 *
 * A JSON Web Token (RFC 7519) signed with HMAC-SHA256. Its key is derived from the service key, so
 * nothing is kept, and whoever changes the service key ends all tokens. A backend mints one for a
 * signed-in person and gives it to that person's page; the service key stays in the backend.
 *
 * A token is read only as the form that user_token_write() makes: one fixed header, so there is no
 * choice of algorithm to confuse; the signature is checked before a byte of the claims is looked
 * at.
 *
 * Threads: pure functions of their arguments.
 */
#ifndef FOOTFALL_HTTP_USER_TOKEN_H
#define FOOTFALL_HTTP_USER_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

enum {
    TOKEN_KEY_BYTES = 32,
    TOKEN_BYTES_MAX = 1024, /* the longest user id, every byte of it escaped, takes half of it */
    TOKEN_SECONDS_MIN = 60,
    TOKEN_SECONDS_DEFAULT = 3600,
    TOKEN_SECONDS_MAX = 366 * 24 * 3600
};

/* What may be done with the user's data. Bits. */
enum right {
    RIGHT_READ = 1,   /* metrics, inquiries, listing details, live updates */
    RIGHT_RECORD = 2, /* events of this user */
    RIGHT_MANAGE = 4  /* listing details set and removed */
};

struct user_token {
    struct text user_id;
    unsigned rights;   /* of enum right */
    int64_t expires_s; /* since the epoch */
};

/* "read", "record", "all": as rights; 0 for any other word. */
unsigned token_rights_of(struct text word);
/* The word; NULL for rights that no word has. */
const char *token_rights_word(unsigned rights);

/* The key for tokens, from the service key. false: the crypto library failed. */
MUST_USE bool token_key_derive(struct text service_key, uint8_t out[TOKEN_KEY_BYTES]);

/* Appends the token. false: no memory, or the crypto library failed. */
MUST_USE bool user_token_write(const uint8_t key[TOKEN_KEY_BYTES], const struct user_token *token,
                               int64_t now_s, struct bytes *out);

/* Whether the text looks like a token and not like a service key. */
bool user_token_is_one(struct text text);

enum token_verdict { TOKEN_GOOD, TOKEN_BAD, TOKEN_EXPIRED, TOKEN_NO_MEMORY };
/* TOKEN_GOOD fills *out; its user_id lies in the arena. */
enum token_verdict user_token_read(const uint8_t key[TOKEN_KEY_BYTES], struct text text,
                                   int64_t now_s, struct arena *arena, struct user_token *out);

#endif
