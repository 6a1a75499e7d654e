/*
 * listen_test.c - addresses to bound sockets.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"

enum { NAME_BYTES = 80 };

TEST(listen_refuses_what_is_no_address)
{
    static const struct {
        const char *address;
        const char *code;
        bool loopback_only;
    } cases[] = {
        {"", "invalid_listen", false},
        {"127.0.0.1", "invalid_listen", false},
        {":8080", "invalid_listen", false},
        {"127.0.0.1:", "invalid_listen", false},
        {"127.0.0.1:x", "invalid_listen", false},
        {"127.0.0.1:-1", "invalid_listen", false},
        {"127.0.0.1:65536", "invalid_listen", false},
        {"127.0.0.1:999999", "invalid_listen", false},
        {"::1:8080", "invalid_listen", false},
        {"[::1:8080", "invalid_listen", false},
        {"[]:8080", "invalid_listen", false},
        {"0.0.0.0:0", "not_loopback", true},
        {"[::]:0", "not_loopback", true},
        {"192.0.2.1:0", "not_loopback", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[NAME_BYTES];
        struct error err;
        int fd = -1;
        enum status status =
            listen_bind(cases[i].address, cases[i].loopback_only, &fd, name, sizeof name, &err);
        ROW(status == STATUS_INVALID && strcmp(err.code, cases[i].code) == 0, cases[i].address,
            "%s: %s", status_code(status), err.message);
        ROW(fd == -1, cases[i].address, "a socket was made");
    }
}

TEST(listen_names_the_port_it_got_and_refuses_it_to_a_second)
{
    char name[NAME_BYTES];
    char second[NAME_BYTES];
    struct error err;
    int fd = -1;
    int other = -1;
    ASSERT_OK(listen_bind("127.0.0.1:0", true, &fd, name, sizeof name, &err), err);
    assert_int_equal(strncmp(name, "127.0.0.1:", 10), 0);
    assert_string_not_equal(name, "127.0.0.1:0");
    assert_int_equal(listen(fd, 1), 0);

    assert_int_equal(listen_bind(name, true, &other, second, sizeof second, &err), STATUS_BUSY);
    assert_non_null(strstr(err.message, name));
    assert_non_null(strstr(err.message, "--listen"));
    assert_int_equal(other, -1);
    close(fd);
}

UNIT_MAIN(UNIT(listen_refuses_what_is_no_address),
          UNIT(listen_names_the_port_it_got_and_refuses_it_to_a_second))
