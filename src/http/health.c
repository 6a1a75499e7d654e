/*
 * health.c - is it alive, does it record.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "http/handlers.h"
#include "http/server_parts.h"
#include "present/json_writer.h"

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
    struct error why;
    enum status status = instance_check(request->server->instance, err);
    if (status != STATUS_OK)
        return status;
    if (!instance_is_halted(request->server->instance, &why))
        return write_status(request, "ready", err);
    /* It records, and so is ready; who looks here should know all the same. */
    struct json_writer writer = {.out = &request->out};
    json_put_object(&writer);
    json_put_key(&writer, "success");
    json_put_bool(&writer, true);
    json_put_key(&writer, "status");
    json_put_string(&writer, "ready");
    json_put_key(&writer, "store");
    json_put_string(&writer, "halted");
    json_put_object_end(&writer);
    return answer_written(!writer.failed, err);
}
