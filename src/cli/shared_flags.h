/*
 * shared_flags.h - flags that several commands have, so that they are spelled and explained alike.
 *
 * Those of commands that ask a server or a folder: target.h.
 *
 * Threads: constant.
 */
#ifndef FOOTFALL_CLI_SHARED_FLAGS_H
#define FOOTFALL_CLI_SHARED_FLAGS_H

#include "cli/command.h"

/*
 * --data of a command that works on the folder itself: FOOTFALL_DATA, or data. `words` say which
 * folders it takes and who else may use them. Named alike, but not the --data of commands with a
 * target, which has no default.
 */
#define DATA_FOLDER_FLAG(words)                                                                    \
    {                                                                                              \
        .name = "data", .value = "DIR", .initial = "data", .variable = "FOOTFALL_DATA",            \
        .completion = COMPLETE_DIRECTORY, .help = (words)                                          \
    }

/* --json of a command that reports once, as one object. */
extern const struct flag flag_json_object;

#endif
