/*
 * main.c - the program.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <locale.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
    (void)setlocale(LC_CTYPE, ""); /* what a terminal can show; numbers stay as they are */
    return command_run(commands, argc - 1, argv + 1);
}
