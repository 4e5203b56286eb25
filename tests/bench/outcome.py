"""What a comparison leaves behind: figures, the rounds they come from, and where they were measured. Kept as JSON in
build/bench, so that one comparison can be measured again without the others."""

import dataclasses
import datetime
import json
import os

import load
from figures import Figure


@dataclasses.dataclass
class Outcome:
    """`sides`: {server: [Round as a dictionary]} of what was compared; `notes`: sentences below their table."""
    figures: list
    sides: dict = dataclasses.field(default_factory=dict)
    notes: list = dataclasses.field(default_factory=list)
    title: str = ""
    measured: str = ""
    machine: str = ""
    load_before: float = 0.0  # processes that wanted a core when it began, over the last minute

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = {**dataclasses.asdict(self), "figures": [figure.stored() for figure in self.figures]}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(stored, indent=1))
        part.rename(path)

    @staticmethod
    def read(path):
        stored = json.loads(path.read_text())
        return Outcome(**{**stored, "figures": [Figure.restored(fields) for fields in stored["figures"]]})


def rounds_of(sides):
    """{name: [Round]} as plain dictionaries."""
    return {name: [dataclasses.asdict(one) for one in rounds] for name, rounds in sides.items()}


def measured_now(comparison, context):
    """Runs a comparison and notes when and where."""
    before = os.getloadavg()[0]
    outcome = comparison.run(context)
    outcome.title = comparison.title
    outcome.measured = datetime.datetime.now().isoformat(" ", "minutes")
    outcome.machine = load.machine()
    outcome.load_before = before
    return outcome
