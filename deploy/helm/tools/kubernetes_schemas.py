"""Lays the JSON schemas of the kubernetes-validate wheel out as kubeconform looks for them.

kubernetes_schemas.py PACKAGE_FOLDER OUT: OUT/v1.36.0-standalone-strict/deployment-apps-v1.json and so on. What is done
to them: `$id` goes, because it would make every reference an address in the network, and references to the definitions
become relative to the file.
"""

import json
import pathlib
import re
import sys

FIRST_MINOR = 28


def relative(node):
    if isinstance(node, list):
        return [relative(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {}
    for key, value in node.items():
        if key == "$id" and isinstance(value, str):
            continue
        if key == "$ref" and isinstance(value, str):
            value = re.sub(r"^.*/_definitions\.json", "_definitions.json", value)
        changed[key] = relative(value)
    return changed


def main():
    package, out = map(pathlib.Path, sys.argv[1:])
    for folder in sorted((package / "kubernetes-json-schema").glob("v1.*-local-strict")):
        version = folder.name.split("-", 1)[0]
        if int(version.split(".")[1]) < FIRST_MINOR:
            continue
        target = out / f"{version}-standalone-strict"
        target.mkdir(parents=True)
        for file in folder.glob("*.json"):
            (target / file.name).write_text(json.dumps(relative(json.loads(file.read_text()))))


if __name__ == "__main__":
    main()
