"""The folder of one run of the loop: what a step leaves for the next, and for whoever looks later.

    data          train.parquet, holdout.parquet
    candidate/    model.pt, reference.pb, what they were judged by
    <step>.json   the result of each step; verdict.json of the comparison
    withdrawn/    the version that was taken out of the repository
"""

import json
import os


def write_whole(path, content):
    """Writes bytes or text under another name, to the disk, and renames: `path` is never half a file."""
    folder, name = os.path.split(os.path.abspath(path))
    part = os.path.join(folder, f".{name}.part")
    with open(part, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(folder)


def sync_folder(path):
    """Makes renames in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class RunFolder:
    """Not for two steps at once. `log` takes one line; by default it is printed, with the name of the step."""

    def __init__(self, path, step, log=None):
        self.path = os.path.abspath(path)
        self.step = step
        self._log = log or (lambda line: print(line, flush=True))
        os.makedirs(self.path, exist_ok=True)

    def log(self, line):
        self._log(f"{self.step}: {line}")

    def file(self, *names):
        """The path of a file in the run folder, whose own folder exists afterwards."""
        path = os.path.join(self.path, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write_result(self, values, name=None):
        """Writes <step>.json, or another file of the run folder, and returns `values`."""
        write_whole(self.file(name or f"{self.step}.json"), json.dumps(values, indent=1) + "\n")
        return values

    def result(self, name):
        """What another step wrote; nothing where it has not."""
        path = os.path.join(self.path, name)
        if not os.path.exists(path):
            return None
        with open(path) as file:
            return json.load(file)
