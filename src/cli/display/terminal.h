/*
 * terminal.h - what stdout can show, and text made fit for it.
 *
 * Threads: pure functions, but terminal_look(), which asks the system.
 */
#ifndef FOOTFALL_CLI_DISPLAY_TERMINAL_H
#define FOOTFALL_CLI_DISPLAY_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"

/* How to show things. */
struct look {
    bool color;     /* a terminal, and NO_COLOR does not forbid it (https://no-color.org) */
    bool unicode;   /* block characters; else ASCII */
    size_t columns; /* of the terminal; 0: no bound, as in a file */
};

/* What `to` is, by TERM, the locale, NO_COLOR and the terminal's size. */
struct look terminal_look(FILE *to);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_UP, STYLE_DOWN };

/* Begins and ends a style; "" without colour. Static storage. */
const char *style_begin(const struct look *look, enum style style);
const char *style_end(const struct look *look, enum style style);

/*
 * The text as it may stand on a terminal: control characters, what reverses the direction of
 * writing and what no character is become \x1b or \u202e. In the arena; at is NULL when out of
 * memory.
 */
struct text printable(struct arena *arena, struct text text);

/* Columns that a printable text takes: 2 for wide characters (East Asian, emoji), 0 for what
 * combines with the one before. */
size_t display_width(struct text text);

/* As much of the beginning as fits into so many columns. */
struct text display_cut(struct text text, size_t columns);

#endif
