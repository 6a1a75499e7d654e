/*
 * shared_flags.c - the flags themselves.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/shared_flags.h"

const struct flag flag_json_object = {
    .name = "json",
    .help = "One JSON object instead of text.",
};
