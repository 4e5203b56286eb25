"""Replays July again and again until it is told that this one is the last: traffic for as long as retrainings take.

The same month, so that what is found does not depend on how long a machine trains: a model of June and July meets July.
Each is one run of demo_replay, so that the end is a whole number of them: each request is answered or has failed.
"""

import json
import os
import subprocess

import services

MONTH = "7"


def write(flights, path):
    """Writes July of the file `flights` (prepare.py) to `path`; returns the number of its rows."""
    with open(flights) as file:
        header, *rows = file
    column = header.strip().split(",").index("month")
    kept = [row for row in rows if row.split(",")[column] == MONTH]
    with open(path, "w") as file:
        file.writelines([header, *kept])
    return len(kept)


class Julys:
    """One July after the other as processes of `program`; tick() looks after them.

    `results`: what each that ended wrote, with `rows_sent`. `last`: set it, and the July that runs is the last one.
    stop() is safe at any time.
    """

    def __init__(self, program, rows_file, rows, server, folder, day_ms):
        self._program = program
        self._rows_file = rows_file
        self._rows = rows
        self._server = server
        self._folder = folder
        self._day_ms = day_ms
        self._process = None
        self.results = []
        self.last = False

    def tick(self):
        """True once the last July has ended. ServiceError where one ended without results."""
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self._collect()
        if self.last:
            return True
        self._start()
        return False

    def _out(self):
        return os.path.join(self._folder, f"july-{len(self.results) + 1}.json")

    def _start(self):
        with open(os.path.join(self._folder, "replay.log"), "ab") as log:
            self._process = subprocess.Popen(
                [self._program, "--rows", self._rows_file, "--out", self._out(), "--server", self._server, "--day-ms",
                 str(self._day_ms)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=services.die_with_parent)

    def _collect(self):
        code, self._process = self._process.returncode, None
        if not os.path.exists(self._out()):
            raise services.ServiceError(f"the replay ended with exit code {code} and no results; see replay.log in "
                                        f"{self._folder}")
        with open(self._out()) as file:
            self.results.append({**json.load(file), "rows_sent": self._rows})

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(15)
