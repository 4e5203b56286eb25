"""Writes what follows from chart_options.py: the chart's values.yaml, values.schema.json and the table in its README.

make_chart.py           writes them
make_chart.py --check   exits with 1 and names what is not as it would be written
"""

import argparse
import json
import pathlib
import re
import sys
import textwrap

from chart_options import options

CHART = pathlib.Path(__file__).resolve().parent / "driftserve"
TABLE_BEGINS = "<!-- The table is written by make_chart.py. -->\n"
PLAIN = re.compile(r"^[A-Za-z/][-\w./]*$")
WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "null"}


def flow(value):
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str) and PLAIN.match(value) and value.lower() not in WORDS_OF_YAML:
        return value
    return json.dumps(value, ensure_ascii=False)


def is_section(schema):
    return "properties" in schema and "default" not in schema


def comment(text, indent):
    prefix = f"{indent}# "
    return textwrap.fill(text, 118, initial_indent=prefix, subsequent_indent=prefix, break_on_hyphens=False)


def values_lines(properties, indent=""):
    for name, schema in properties.items():
        yield comment(f"{schema['description']} {accepted(schema)}".strip(), indent)
        if is_section(schema):
            yield f"{indent}{name}:"
            yield from values_lines(schema["properties"], indent + "  ")
        else:
            yield f"{indent}{name}: {flow(schema['default'])}"
        if not indent:
            yield ""


def values_yaml():
    head = comment("The chart's values. Written by make_chart.py from chart_options.py, where they are explained once "
                   "for this file, the schema and the README.", "")
    return "\n".join([head, "", *values_lines(options())]).rstrip() + "\n"


def values_schema():
    return json.dumps({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart driftserve",
        "type": "object",
        "additionalProperties": False,
        "properties": {**options(), "global": {"type": "object", "description": "Of a chart that has this one."}},
    }, indent=1, ensure_ascii=False) + "\n"


def accepted(schema):
    """In words: what a value may be. Nothing where its shape is no more than its type."""
    if "enum" in schema:
        return "One of " + ", ".join(choice or '""' for choice in schema["enum"]) + "."
    if "minimum" in schema:
        whole = "A whole number" if schema["type"] == "integer" else "A number"
        return f"{whole} from {schema['minimum']} to {schema['maximum']}."
    return ""


def rows(properties, path=""):
    for name, schema in properties.items():
        if is_section(schema):
            yield from rows(schema["properties"], f"{path}{name}.")
        else:
            default = flow(schema["default"])
            meaning = f"{schema['description']} {accepted(schema)}".strip()
            yield f"| `{path}{name}` | `{default}` | {meaning} |"


def readme():
    text = (CHART / "README.md").read_text()
    before, marker, _ = text.partition(TABLE_BEGINS)
    if not marker:
        raise SystemExit(f"{CHART / 'README.md'}: expected the line {TABLE_BEGINS!r}")
    return "\n".join([before + marker + "| value | default | meaning |", "|---|---|---|", *rows(options())]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a file is not current")
    check = parser.parse_args().check
    stale = False
    for name, make in (("values.yaml", values_yaml), ("values.schema.json", values_schema), ("README.md", readme)):
        path = CHART / name
        text = make()
        if check and (not path.exists() or path.read_text() != text):
            print(f"{path} is not what make_chart.py writes: run it", file=sys.stderr)
            stale = True
        elif not check:
            path.write_text(text)
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
