/*
 * terminal.c - widths by GLib's Unicode tables, which do not depend on the locale.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/display/terminal.h"

#include <glib.h>
#include <langinfo.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    COLUMNS_DEFAULT = 80,
    ESCAPE_BYTES_MAX = 10, /* \U0010ffff */
    ZERO_WIDTH_JOINER = 0x200d
};

static size_t columns_of(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return COLUMNS_DEFAULT;
}

struct look terminal_look(FILE *to)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool is_terminal = isatty(fileno(to)) == 1;
    bool is_dumb = term == NULL || strcmp(term, "dumb") == 0;
    return (struct look){
        .color = is_terminal && !is_dumb && (no_color == NULL || no_color[0] == '\0'),
        .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && !(is_terminal && is_dumb) &&
                   (term == NULL || strcmp(term, "dumb") != 0),
        .columns = is_terminal ? columns_of(fileno(to)) : 0,
    };
}

const char *style_begin(const struct look *look, enum style style)
{
    static const char *const sequences[] = {
        [STYLE_PLAIN] = "",      [STYLE_BOLD] = "\x1b[1m",  [STYLE_DIM] = "\x1b[2m",
        [STYLE_UP] = "\x1b[32m", [STYLE_DOWN] = "\x1b[31m",
    };
    return look->color ? sequences[style] : "";
}

const char *style_end(const struct look *look, enum style style)
{
    return look->color && style != STYLE_PLAIN ? "\x1b[0m" : "";
}

/* The character at `at`, and its bytes; a byte that begins none is -1 and one byte. */
static gunichar next_character(struct text text, size_t at, size_t *bytes)
{
    gunichar c = g_utf8_get_char_validated(text.at + at, (gssize)(text.len - at));
    bool is_valid = c != (gunichar)-1 && c != (gunichar)-2;
    *bytes = 1;
    if (is_valid)
        *bytes = (size_t)g_unichar_to_utf8(c, NULL);
    return is_valid ? c : (gunichar)-1;
}

static bool may_stand(gunichar c)
{
    return c != (gunichar)-1 && (g_unichar_isprint(c) || c == ZERO_WIDTH_JOINER);
}

static int write_escape(char *to, gunichar c, unsigned char byte)
{
    if (c == (gunichar)-1 || c < 0x80)
        return snprintf(to, ESCAPE_BYTES_MAX + 1, "\\x%02x", c < 0x80 ? (unsigned)c : byte);
    return snprintf(to, ESCAPE_BYTES_MAX + 1, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
}

struct text printable(struct arena *arena, struct text text)
{
    char *out = arena_alloc(arena, text.len * ESCAPE_BYTES_MAX + 1);
    size_t len = 0;
    size_t bytes = 0;
    if (out == NULL)
        return (struct text){NULL, 0};
    for (size_t at = 0; at < text.len; at += bytes) {
        gunichar c = next_character(text, at, &bytes);
        if (may_stand(c)) {
            memcpy(out + len, text.at + at, bytes);
            len += bytes;
        } else {
            len += (size_t)write_escape(out + len, c, (unsigned char)text.at[at]);
        }
    }
    return (struct text){out, len};
}

static size_t width_of(gunichar c)
{
    if (c == (gunichar)-1)
        return 1;
    if (g_unichar_iszerowidth(c) || c == ZERO_WIDTH_JOINER)
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t display_width(struct text text)
{
    size_t width = 0;
    size_t bytes = 0;
    for (size_t at = 0; at < text.len; at += bytes)
        width += width_of(next_character(text, at, &bytes));
    return width;
}

struct text display_cut(struct text text, size_t columns)
{
    size_t width = 0;
    size_t bytes = 0;
    size_t at = 0;
    for (; at < text.len; at += bytes) {
        width += width_of(next_character(text, at, &bytes));
        if (width > columns)
            break;
    }
    return (struct text){text.at, at};
}
