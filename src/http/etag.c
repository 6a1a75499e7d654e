/*
 * etag.c - tags and their comparison.
 *
 * A tag is '"', 16 hexadecimal digits of XXH3, '"'. The boot nonce keeps the versions of two lives
 * of the process apart; the length of the zone data's name keeps it and the target apart.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/etag.h"

#include <stddef.h>
#include <string.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "http/media.h"

void etag_make(const struct etag_parts *parts, char out[ETAG_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t head[8 + 8 + 4 + 4 + 4];
    size_t zone_len = strlen(parts->zone_data_version);
    uint8_t *to = put_u64(head, parts->boot_nonce);
    to = put_u64(to, parts->user_version);
    to = put_u32(to, (uint32_t)parts->first_day);
    to = put_u32(to, (uint32_t)parts->last_day);
    put_u32(to, (uint32_t)zone_len);

    uint64_t hash = XXH3_64bits(head, sizeof head);
    hash = XXH3_64bits_withSeed(parts->zone_data_version, zone_len, hash);
    hash = XXH3_64bits_withSeed(parts->target.at, parts->target.len, hash);

    out[0] = '"';
    for (int i = 0; i < 16; i++)
        out[1 + i] = hex[(hash >> (60 - 4 * i)) & 15];
    out[17] = '"';
    out[ETAG_BYTES] = '\0';
}

/* Reads one entity-tag, quotes included, and moves *rest behind it; false when there is none. */
static bool take_tag(struct text *rest, struct text *tag)
{
    if (rest->len >= 2 && rest->at[0] == 'W' && rest->at[1] == '/') {
        rest->at += 2;
        rest->len -= 2;
    }
    if (rest->len < 2 || rest->at[0] != '"')
        return false;
    const char *end = memchr(rest->at + 1, '"', rest->len - 1);
    if (end == NULL)
        return false;
    *tag = (struct text){rest->at, (size_t)(end - rest->at) + 1};
    rest->at += tag->len;
    rest->len -= tag->len;
    return true;
}

enum etag_match etag_matches(struct text if_none_match, const char *etag)
{
    struct text rest = text_trim(if_none_match);
    if (rest.len == 1 && rest.at[0] == '*')
        return ETAG_MATCH_ANY;
    while (rest.len > 0) {
        struct text tag;
        if (rest.at[0] == ',') { /* empty elements are legal */
            rest = text_trim((struct text){rest.at + 1, rest.len - 1});
            continue;
        }
        if (!take_tag(&rest, &tag))
            return ETAG_NO_MATCH;
        if (text_is(tag, etag))
            return ETAG_MATCH;
        rest = text_trim(rest);
        if (rest.len > 0 && rest.at[0] != ',')
            return ETAG_NO_MATCH;
    }
    return ETAG_NO_MATCH;
}
