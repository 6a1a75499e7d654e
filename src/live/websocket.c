/*
 * websocket.c - subscribers that speak WebSocket (RFC 6455), by wslay.
 *
 * wslay reads frames, puts fragments together, answers pings and closes, and refuses what is not
 * the protocol: unmasked frames, reserved bits and opcodes, broken fragments, text that is no
 * UTF-8. It queues what is said to one subscriber alone. The messages that many get do not go
 * through its queue, which would copy them: they are written between its frames (subscriber.c).
 *
 * What wslay does not bound is bounded here: a message's length by its own setting, the number of
 * its fragments, and the number of frames in a window of time, which also bounds the answers that
 * can queue.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/clock.h"
#include "live/live_parts.h"

enum { FRAGMENTS_MAX = 64, FRAMES_MAX = 200, FRAMES_WINDOW_S = 10 };

static ssize_t on_receive(struct wslay_event_context *websocket, uint8_t *to, size_t len, int flags,
                          void *context)
{
    struct subscriber *subscriber = context;
    bool broken = false;
    (void)flags;
    ssize_t got = subscriber_receive(subscriber, to, len, &broken);
    if (got > 0)
        return got;
    if (got == 0 || broken)
        subscriber_end(subscriber, LIVE_CLOSE_CLIENT);
    wslay_event_set_error(websocket,
                          got < 0 && !broken ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(struct wslay_event_context *websocket, const uint8_t *from, size_t len,
                       int flags, void *context)
{
    struct subscriber *subscriber = context;
    bool broken = false;
    ssize_t sent = subscriber_send(subscriber, from, len, (flags & WSLAY_MSG_MORE) != 0, &broken);
    if (sent >= 0)
        return sent;
    if (broken)
        subscriber_end(subscriber, LIVE_CLOSE_CLIENT);
    wslay_event_set_error(websocket, broken ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

/* The head of a frame has come: enough of them? */
static void on_frame(struct wslay_event_context *websocket,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    struct subscriber *subscriber = context;
    uint64_t now_ns = subscriber->live->now_ns;
    (void)websocket;
    if (now_ns - subscriber->frames_since_ns >= FRAMES_WINDOW_S * ns_per_s) {
        subscriber->frames_since_ns = now_ns;
        subscriber->frames = 0;
    }
    if (++subscriber->frames > FRAMES_MAX)
        subscriber_close(subscriber, LIVE_CLOSE_FLOOD);
    if (wslay_is_ctrl_frame(frame->opcode))
        return;
    if (++subscriber->fragments > FRAGMENTS_MAX)
        subscriber_close(subscriber, LIVE_CLOSE_TOO_BIG);
    if (frame->fin != 0)
        subscriber->fragments = 0;
}

static void on_message(struct wslay_event_context *websocket,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct subscriber *subscriber = context;
    (void)websocket;
    if (subscriber->state != SUBSCRIBER_OPEN || wslay_is_ctrl_frame(message->opcode))
        return;
    if (message->opcode == WSLAY_TEXT_FRAME)
        client_message(subscriber, (struct text){(const char *)message->msg, message->msg_length});
    else
        subscriber_close(subscriber, LIVE_CLOSE_NOT_TEXT);
}

enum status websocket_open(struct subscriber *subscriber, struct error *err)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_receive,
        .send_callback = on_send,
        .on_frame_recv_start_callback = on_frame,
        .on_msg_recv_callback = on_message,
    };
    if (wslay_event_context_server_init(&subscriber->websocket, &callbacks, subscriber) != 0) {
        subscriber->websocket = NULL;
        return fail(err, STATUS_NO_MEMORY, "live: no memory for a WebSocket");
    }
    wslay_event_config_set_max_recv_msg_length(subscriber->websocket, LIVE_MESSAGE_BYTES_MAX);
    return STATUS_OK;
}

void websocket_done(struct subscriber *subscriber)
{
    if (subscriber->websocket != NULL)
        wslay_event_context_free(subscriber->websocket);
    subscriber->websocket = NULL;
}

/* wslay has seen the client's close, or a mistake, and has queued its own close. */
static void closed_by_wslay(struct subscriber *subscriber)
{
    bool by_client = wslay_event_get_close_received(subscriber->websocket) != 0;
    /* of a mistake, flushing learns more */
    subscriber_close(subscriber, by_client ? LIVE_CLOSE_CLIENT : LIVE_CLOSE_PROTOCOL);
}

/*
 * What is wrong in a frame's own head (a control frame in fragments, or over 125 bytes) wslay gives
 * up on, with a close frame that has no code. Ours has: wslay is done with.
 */
static void close_without_wslay(struct subscriber *subscriber)
{
    const struct close_words *words = close_words(LIVE_CLOSE_PROTOCOL);
    size_t len = strlen(words->words);
    struct message *message = NULL;
    if (subscriber->state == SUBSCRIBER_OPEN && !subscriber->wants_write &&
        subscriber->sending == NULL)
        message = malloc(sizeof *message + 4 + len);
    if (message == NULL) {
        subscriber_end(subscriber, LIVE_CLOSE_PROTOCOL); /* nothing can be said between */
        return;
    }
    *message = (struct message){.refs = 1, .len = (uint32_t)(4 + len)};
    message->bytes[0] = 0x88; /* RFC 6455, section 5.5.1: the last fragment, close */
    message->bytes[1] = (uint8_t)(2 + len);
    message->bytes[2] = (uint8_t)(words->code >> 8);
    message->bytes[3] = (uint8_t)words->code;
    memcpy(message->bytes + 4, words->words, len);
    websocket_done(subscriber);
    subscriber_close(subscriber, LIVE_CLOSE_PROTOCOL);
    subscriber->sending = message;
    subscriber->sent = 0;
    subscriber->sending_since_ns = 0;
}

void websocket_read(struct subscriber *subscriber)
{
    int error = wslay_event_recv(subscriber->websocket);
    if (subscriber->state == SUBSCRIBER_ENDED)
        return;
    if (error == WSLAY_ERR_CALLBACK_FAILURE) {
        close_without_wslay(subscriber);
        return;
    }
    if (error != 0 && error != WSLAY_ERR_WOULDBLOCK) {
        subscriber_end(subscriber, LIVE_CLOSE_FAILED); /* no memory */
        return;
    }
    if (subscriber->state == SUBSCRIBER_OPEN && wslay_event_want_read(subscriber->websocket) == 0)
        closed_by_wslay(subscriber);
    if (wslay_event_want_write(subscriber->websocket) != 0)
        subscriber_make_ready(subscriber);
}

bool websocket_flush(struct subscriber *subscriber)
{
    struct wslay_event_context *websocket = subscriber->websocket;
    if (websocket == NULL || wslay_event_want_write(websocket) == 0)
        return true;
    int error = wslay_event_send(websocket);
    if (subscriber->state == SUBSCRIBER_ENDED)
        return false;
    if (error != 0 && error != WSLAY_ERR_WOULDBLOCK) {
        subscriber_end(subscriber, LIVE_CLOSE_FAILED);
        return false;
    }
    if (wslay_event_get_close_sent(websocket) != 0 &&
        wslay_event_get_status_code_sent(websocket) == WSLAY_CODE_MESSAGE_TOO_BIG)
        subscriber->reason = LIVE_CLOSE_TOO_BIG;
    return wslay_event_want_write(websocket) == 0;
}

void websocket_say(struct subscriber *subscriber, const struct bytes *json)
{
    const struct wslay_event_msg message = {
        .opcode = WSLAY_TEXT_FRAME, .msg = json->at, .msg_length = json->len};
    int error = wslay_event_queue_msg(subscriber->websocket, &message);
    if (error != 0 && error != WSLAY_ERR_NO_MORE_MSG)
        subscriber_close(subscriber, LIVE_CLOSE_FAILED);
}

void websocket_ping(struct subscriber *subscriber)
{
    const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    if (wslay_event_queue_msg(subscriber->websocket, &ping) != 0)
        subscriber_close(subscriber, LIVE_CLOSE_FAILED);
}

void websocket_close(struct subscriber *subscriber, enum live_close reason)
{
    const struct close_words *words = close_words(reason);
    if (subscriber->websocket == NULL)
        return; /* close_without_wslay() says it */
    /* Fails when wslay has queued one already, with its own code: that one goes. */
    (void)wslay_event_queue_close(subscriber->websocket, words->code, (const uint8_t *)words->words,
                                  strlen(words->words));
}
