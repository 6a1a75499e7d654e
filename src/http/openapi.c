/*
 * openapi.c - GET /v1/openapi.json: the API as data.
 *
 * It is the same for everybody and no secret, so it needs no key: tools read it before they have
 * one. Its tag is that of its content and outlives restarts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "http/handlers.h"
#include "http/openapi_document.h"

enum status openapi_answer(struct request *request, struct error *err)
{
    memcpy(request->etag, openapi_document_etag, sizeof request->etag);
    if (etag_matches(request->head.if_none_match, request->etag) != ETAG_NO_MATCH) {
        request->http_status = 304;
        return STATUS_OK;
    }
    return answer_written(bytes_append(&request->out, openapi_document, openapi_document_bytes),
                          err);
}
