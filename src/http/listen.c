/*
 * listen.c - resolve, bind, and say what was bound.
 *
 * Binding comes long before listening: a taken port is reported before a large journal is replayed,
 * and nobody connects to a server that is not ready.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum status bad_address(struct error *err, const char *address)
{
    return fail_input(err, "invalid_listen", "listen",
                      "listen address \"%s\": must be HOST:PORT or [IPV6]:PORT, such as "
                      "127.0.0.1:8080; port 0 picks a free one",
                      address);
}

/* Splits into host and port, without the brackets. */
static bool split(const char *address, char *host, size_t host_bytes, char *port, size_t port_bytes)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address)
        return false;
    size_t len = (size_t)(colon - address);
    const char *from = address;
    if (address[0] == '[') {
        if (colon[-1] != ']' || len < 3)
            return false;
        from++;
        len -= 2;
    } else if (memchr(address, ':', len) != NULL) {
        return false; /* a bare IPv6 address: where does the port begin? */
    }
    size_t port_len = strlen(colon + 1);
    if (len >= host_bytes || port_len == 0 || port_len > 5 || port_len >= port_bytes ||
        strspn(colon + 1, "0123456789") != port_len)
        return false;
    memcpy(host, from, len);
    host[len] = '\0';
    memcpy(port, colon + 1, port_len + 1);
    return true;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static enum status bind_to(const struct addrinfo *info, const char *address, int *fd,
                           struct error *err)
{
    const int on = 1;
    int bound = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bound < 0)
        return fail_errno(err, "listen address %s: socket", address);
    /* A server that was just stopped leaves connections in TIME_WAIT; they are no hindrance. */
    (void)setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        (void)setsockopt(bound, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(bound, info->ai_addr, info->ai_addrlen) == 0) {
        *fd = bound;
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (errno == EADDRINUSE)
        status = fail(err, STATUS_BUSY,
                      "%s is in use by another program: stop that, or choose another port with "
                      "--listen HOST:PORT (port 0 picks a free one)",
                      address);
    else if (errno == EACCES)
        status = fail(err, STATUS_IO,
                      "%s needs privileges: choose a port from 1024 on with --listen", address);
    else if (errno == EADDRNOTAVAIL)
        status =
            fail(err, STATUS_INVALID,
                 "%s is not an address of this machine: choose another with --listen", address);
    else
        status = fail_errno(err, "listen address %s: bind", address);
    close(bound);
    return status;
}

static void write_name(int fd, char *name, size_t name_bytes)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_storage storage;
    socklen_t len = sizeof storage;
    unsigned port = 0;
    memset(&storage, 0, sizeof storage);
    (void)getsockname(fd, (struct sockaddr *)&storage, &len);
    if (storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&storage;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        port = ntohs(v6->sin6_port);
        snprintf(name, name_bytes, "[%s]:%u", host, port);
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&storage;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        port = ntohs(v4->sin_port);
        snprintf(name, name_bytes, "%s:%u", host, port);
    }
}

enum status listen_bind(const char *address, bool loopback_only, int *fd, char *name,
                        size_t name_bytes, struct error *err)
{
    char host[256];
    char port[8];
    struct addrinfo *info = NULL;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    if (!split(address, host, sizeof host, port, sizeof port) || atoi(port) > 65535)
        return bad_address(err, address);
    int failed = getaddrinfo(host, port, &hints, &info);
    if (failed != 0)
        return fail_input(err, "invalid_listen", "listen", "listen address \"%s\": %s", address,
                          gai_strerror(failed));
    enum status status = STATUS_OK;
    if (loopback_only && !is_loopback(info->ai_addr))
        status = fail_code(err, STATUS_INVALID, "not_loopback",
                           "%s can be reached from other machines, so requests need a key: set "
                           "FOOTFALL_SERVICE_KEY instead of --auth off, or listen on 127.0.0.1",
                           address);
    else
        status = bind_to(info, address, fd, err);
    freeaddrinfo(info);
    if (status == STATUS_OK)
        write_name(*fd, name, name_bytes);
    return status;
}
