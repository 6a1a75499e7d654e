/*
 * parameters.c - checks that several handlers share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handlers.h"

enum status read_limit(const struct request *request, size_t max, size_t *out, struct error *err)
{
    struct text text = request_parameter(request, "limit");
    size_t limit = 0;
    if (text.at == NULL)
        return STATUS_OK;
    bool good = text.len > 0 && text.len <= 6;
    for (size_t i = 0; good && i < text.len; i++) {
        good = text.at[i] >= '0' && text.at[i] <= '9';
        limit = limit * 10 + (size_t)(text.at[i] - '0');
    }
    enum status status = instance_check_limit(good ? limit : 0, max, err);
    if (status == STATUS_OK)
        *out = limit;
    return status;
}

enum status answer_written(bool written, struct error *err)
{
    return written ? STATUS_OK : fail(err, STATUS_NO_MEMORY, "answer: no memory");
}

enum status require_media(struct request *request, bool ndjson_too, struct error *err)
{
    struct text encoding = request->head.content_encoding;
    if (encoding.at != NULL && encoding.len > 0 && !text_is_caseless(encoding, "identity"))
        return request_refuse(request, err, 415, "unsupported_encoding",
                              "Content-Encoding is not understood here: send the body as it is");
    request->media = media_parse(request->head.content_type);
    if (request->media == MEDIA_JSON || (ndjson_too && request->media == MEDIA_NDJSON))
        return STATUS_OK;
    return request_refuse(
        request, err, 415, "unsupported_media_type", "%s",
        ndjson_too ? "Content-Type must be application/json, or application/x-ndjson for a stream "
                     "of lines; with curl: curl --json '{...}' ADDRESS"
                   : "Content-Type must be application/json; with curl: curl --json '{...}' "
                     "-X PUT ADDRESS");
}
