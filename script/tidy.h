/*
 * tidy.h - what clang-tidy, which sees one file at a time, has to be told; included by
 * script/check before everything else, and by nothing else.
 *
 * These never answer STATUS_OK; without that it follows paths that do not exist.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/status.h"

#define fail(err, status, ...)      ((void)fail((err), (status), __VA_ARGS__), (status))
#define fail_code(err, status, ...) ((void)fail_code((err), (status), __VA_ARGS__), (status))
#define fail_errno(...)             ((void)fail_errno(__VA_ARGS__), STATUS_IO)
#define fail_input(...)             ((void)fail_input(__VA_ARGS__), STATUS_INVALID)
