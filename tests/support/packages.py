"""AOTInductor packages as files."""

import json
import zipfile


def stamped(package, target, **stamps):
    """A copy of `package` at `target` that says of itself what `stamps` say; returns `target`."""
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(target, "w") as copy:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("_metadata.json"):
                content = json.dumps({**json.loads(content), **stamps}).encode()
            copy.writestr(entry, content)
    return target
