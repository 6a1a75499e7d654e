/*
 * handover.c - how a socket is taken from the HTTP library.
 *
 * A WebSocket by the library's own upgrade. It sends the head of the answer and gives its socket to
 * on_upgrade(), which keeps a duplicate of the descriptor and closes the library's: so what a
 * connection costs there (17 KiB) is free again, and it counts as a connection no more.
 *
 * For a stream of events the library knows only responses that its loop sends piece by piece, which
 * would make the loop that records events work for every subscriber. So that socket is taken, too:
 * while the connection is suspended, and hence in no epoll of the library's, its descriptor is made
 * to name a blank socket (dup3), and the library closes that. The duplicate lives on in live/.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/handover.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/request.h"
#include "http/respond.h"
#include "http/server_parts.h"

static struct live_subject subject_of(const struct grant *grant)
{
    struct live_subject subject = {.may_see_all = grant->is_service};
    if (!grant->is_service && (grant->rights & RIGHT_READ) != 0 &&
        grant->user_id.len <= sizeof subject.user_id) {
        subject.user_id_len = (uint8_t)grant->user_id.len;
        memcpy(subject.user_id, grant->user_id.at, grant->user_id.len);
    }
    return subject;
}

/* A live_admit_fn; on the live thread. */
static bool admit(void *context, struct text credential, struct live_subject *out)
{
    const struct http_server *server = context;
    struct arena arena = {.chunk_bytes = 2 * TOKEN_BYTES_MAX};
    struct grant grant;
    bool good =
        server->access.has_key && access_check_credential(&server->access, credential,
                                                          instance_now_ms(server->instance) / 1000,
                                                          &arena, &grant) == ACCESS_GRANTED;
    if (good)
        *out = subject_of(&grant);
    arena_done(&arena);
    return good;
}

/* A live_may_see_fn; on the live thread. */
static bool may_see(void *context, const struct live_subject *subject, struct text user_id)
{
    const struct grant grant = {.is_service = subject->may_see_all,
                                .user_id = {subject->user_id, subject->user_id_len},
                                .rights = subject->user_id_len > 0 ? RIGHT_READ : 0};
    (void)context;
    return grant_allows(&grant, user_id, RIGHT_READ);
}

enum status handover_open(struct http_server *server, struct error *err)
{
    struct live_options options = server->options.live;
    options.admit = admit;
    options.may_see = may_see;
    options.access_context = server;
    server->blank_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->blank_fd < 0)
        return fail_errno(err, "http: socket");
    return live_open(&options, server->instance, &server->live, err);
}

void handover_close(struct http_server *server)
{
    live_close(server->live);
    server->live = NULL;
    if (server->blank_fd >= 0)
        close(server->blank_fd);
    server->blank_fd = -1;
}

static void on_upgrade(void *context, struct MHD_Connection *mhd, void *request_context,
                       const char *early, size_t early_len, MHD_socket fd,
                       struct MHD_UpgradeResponseHandle *handle)
{
    const struct request *request = request_context;
    struct live *live = request->server->live;
    const struct live_subject subject = subject_of(&request->grant);
    (void)context;
    (void)mhd;
    int ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (ours >= 0)
        live_add_websocket(live, ours, request->is_admitted ? &subject : NULL,
                           (struct text){early, early_len});
    else
        shutdown(fd, SHUT_RDWR); /* out of descriptors */
    (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

static bool upgrade(struct request *request)
{
    struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, NULL);
    if (response == NULL)
        return false;
    request->http_status = MHD_HTTP_SWITCHING_PROTOCOLS;
    bool queued =
        MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket") == MHD_YES &&
        MHD_add_response_header(response, "Sec-WebSocket-Accept", request->websocket_accept) ==
            MHD_YES &&
        respond_with(request, response);
    MHD_destroy_response(response);
    return queued;
}

static bool give_stream(struct request *request)
{
    struct http_server *server = request->server;
    const struct live_subject subject = subject_of(&request->grant);
    int fd = request->connection->fd;
    int ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (ours < 0)
        return false;
    MHD_suspend_connection(request->mhd);
    bool taken = dup3(server->blank_fd, fd, O_CLOEXEC) >= 0;
    MHD_resume_connection(request->mhd);
    request->http_status = MHD_HTTP_OK;
    respond_handed_over(request);
    if (!taken) {
        close(ours);
        return false;
    }
    live_add_event_stream(server->live, ours, &subject, &request->live);
    return true;
}

bool hand_over(struct request *request)
{
    return request->handover == HANDOVER_WEBSOCKET ? upgrade(request) : give_stream(request);
}
