#!/bin/sh
# make_static.sh - a static library of one object in which only footfall.h's names are global.
#
#   make_static.sh CC... -- OUTPUT ARCHIVE...
#
# An archive of all folders' objects would put some hundred names, such as status_code or
# event_type_name, into every program that links it.
#
# SPDX-License-Identifier: Apache-2.0
set -eu

cc=
while [ "$1" != -- ]; do
    cc="$cc $1"
    shift
done
output=$2
shift 2

object=${output%.a}.o
# shellcheck disable=SC2086 # the compiler is words
$cc -r -nostdlib -o "$object" -Wl,--whole-archive "$@" -Wl,--no-whole-archive
objcopy --wildcard --keep-global-symbol='footfall_*' "$object"
rm -f "$output"
ar rcs "$output" "$object"
rm -f "$object"
