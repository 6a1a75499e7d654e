#!/usr/bin/env python3
"""openapi_embed.py - docs/api/openapi.yaml as JSON in a C file, for the server to answer.

    openapi_embed.py openapi.yaml openapi_document.c

Run by the build. A date or a number in the document stays what YAML 1.2 says it is: PyYAML would
make dates of unquoted days, so its rule for these is left out.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import re
import sys

import yaml


class Loader(yaml.SafeLoader):
    """SafeLoader without dates, and with the booleans of YAML 1.2 only."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise SystemExit(f"{node.start_mark}: stands there twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":bool"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf")
)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = yaml.load(file, Loader)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    tag = hashlib.sha256(text).hexdigest()[:16]
    lines = [",".join(str(byte) for byte in text[at : at + 24]) for at in range(0, len(text), 24)]
    with open(target, "w", encoding="utf-8") as file:
        file.write(
            '#include "http/openapi_document.h"\n\n'
            f"const unsigned char openapi_document[] = {{\n" + ",\n".join(lines) + "};\n"
            f"const size_t openapi_document_bytes = {len(text)};\n"
            f'const char openapi_document_etag[ETAG_BYTES + 1] = "\\"{tag}\\"";\n'
        )


main(sys.argv[1], sys.argv[2])
