#!/usr/bin/env python3
"""pages_embed.py - the files of web/dist in a C file, for the server to answer.

    pages_embed.py dashboard_files.c [web/dist/manifest.json]

Run by the build. The manifest lists the files, the page first: {"files": [{"name", "type"}]}. NAME
is embedded with NAME.br and NAME.gz where these are there. Without a manifest: no files.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import sys

SUFFIXES = (("ENCODING_NONE", ""), ("ENCODING_GZIP", ".gz"), ("ENCODING_BROTLI", ".br"))


def bytes_as_c(name, content):
    lines = [",".join(map(str, content[at : at + 24])) for at in range(0, len(content), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main(target, manifest=None):
    files = []
    if manifest is not None:
        with open(manifest, encoding="utf-8") as file:
            files = json.load(file)["files"]
    arrays, rows = [], []
    for number, file in enumerate(files):
        variants = []
        for encoding, suffix in SUFFIXES:
            path = os.path.join(os.path.dirname(manifest), file["name"] + suffix)
            if suffix and not os.path.exists(path):
                continue
            with open(path, "rb") as opened:
                content = opened.read()
            array = f"file_{number}_{encoding.lower()}"
            tag = hashlib.sha256(content).hexdigest()[:16]
            arrays.append(bytes_as_c(array, content))
            variants.append(f'[{encoding}] = {{{array}, sizeof {array}, "\\"{tag}\\""}}')
        rows.append(
            f'    {{"{file["name"]}", "{file["type"]}",\n     {{{", ".join(variants)}}}}},\n'
        )
    with open(target, "w", encoding="utf-8") as file:
        file.write('#include "http/dashboard_files.h"\n\n' + "".join(arrays))
        # C has no empty arrays
        file.write("const struct dashboard_file dashboard_files[] = {\n")
        file.write("".join(rows) or "    {.name = NULL},\n")
        file.write(f"}};\nconst size_t dashboard_file_count = {len(files)};\n")


main(*sys.argv[1:])
