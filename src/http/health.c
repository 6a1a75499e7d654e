/*
 * health.c - is it alive, does it record.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "http/handlers.h"
#include "http/server_parts.h"

static enum status write_status(struct request *request, const char *word, struct error *err)
{
    char text[64];
    int len = snprintf(text, sizeof text, "{\"success\":true,\"status\":\"%s\"}", word);
    return answer_written(bytes_append(&request->out, text, (size_t)len), err);
}

/* That it answers at all is the answer. */
enum status healthz_answer(struct request *request, struct error *err)
{
    return write_status(request, "alive", err);
}

enum status readyz_answer(struct request *request, struct error *err)
{
    if (request->server->stopping)
        return fail(err, STATUS_STOPPED, "the server is stopping");
    enum status status = instance_check(request->server->instance, err);
    return status == STATUS_OK ? write_status(request, "ready", err) : status;
}
