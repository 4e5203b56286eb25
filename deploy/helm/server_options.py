"""The chart's `config`: the server's own options under their own names, read from the table of server/config/README.md,
which a test of the server keeps equal to `driftserve --describe-config`."""

import pathlib
import re

from schema_parts import section

TABLE = pathlib.Path(__file__).resolve().parents[2] / "server" / "config" / "README.md"
ROW = re.compile(r"^\| `(\w+)\.(\w+)` \| (?:`([^`]*)`)? ?\| (.*?) \| (.*) \|$")

# The chart's own business: addresses and paths follow from other values, and secrets do not belong into a ConfigMap.
TAKEN = {"grpc.address", "operations.address", "repository.path", "kafka.hash_key", "grpc.shared_memory",
         "repository.native_code_folder"}
# Where the chart's default is another than the server's.
DEFAULTS = {"log": {"format": "json"}}
MOST = 2**53


def part(accepted, meaning):
    """The schema of one option, from what its row says is accepted."""
    schema = {"description": meaning}
    bounds = re.match(r"a (whole )?number.* from (\d+) to (\d+)$", accepted)
    if bounds:
        kind = "integer" if bounds.group(1) else "number"
        return {"type": kind, **schema, "minimum": int(bounds.group(2)), "maximum": min(int(bounds.group(3)), MOST)}
    if accepted.startswith("one of "):
        return {"type": "string", **schema, "enum": accepted.removeprefix("one of ").split(", ")}
    if accepted == "true or false":
        return {"type": "boolean", **schema}
    if accepted == "a list of texts":
        return {"type": "array", **schema, "items": {"type": "string"}}
    if accepted == "a map from text to text":
        return {"type": "object", **schema, "additionalProperties": {"type": "string"}}
    if accepted.startswith("a text"):
        return {"type": "string", **schema, **({"minLength": 1} if "not empty" in accepted else {})}
    raise ValueError(f"{TABLE}: no schema for {accepted!r}")


def server_options():
    """The section `config`; its default is what the chart sets."""
    sections = {}
    for line in TABLE.read_text().splitlines():
        row = ROW.match(line)
        if row and f"{row.group(1)}.{row.group(2)}" not in TAKEN:
            sections.setdefault(row.group(1), {})[row.group(2)] = part(row.group(4), row.group(5))
    made = section("The server's configuration, by the names of its own options (server/config/README.md); numbers are "
                   "in the unit of the option's name.",
                   **{name: section(f"Section {name}.", **options) for name, options in sections.items()})
    return {**made, "default": DEFAULTS}
