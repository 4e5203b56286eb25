"""A reference profile (reference.pb) and where it counts a value: value → cell → PSI bin, as drift/layout.h does."""

import bisect
import math

import numpy as np

from hourly import keys
from hourly.messages import message_class

FEATURE, PREDICTION, LABEL = 1, 2, 3
ROLES = {FEATURE: "feature", PREDICTION: "prediction", LABEL: "label"}
NUMERIC = 1


class Layout:
    """One feature: its cells, the last of which is MISSING, and the bins that are runs of them. Immutable."""

    def __init__(self, message):
        self.name, self.role, self.dtype = message.name, message.role, message.dtype
        self.numeric = message.kind == NUMERIC
        self.counts = np.array(message.cell_counts, dtype=np.int64)
        self.edges = np.cumsum(np.array(message.edge_steps, dtype=np.uint64), dtype=np.uint64).tolist()
        self.categories = list(message.categories)
        self.known = frozenset(message.known_hashes)
        self.unseen_joins_other = message.unseen_joins_other
        self.effective_rows = message.effective_rows
        self.check()
        self.missing = len(self.counts) - 1
        self.own_cell = {self.category_key(name): cell for cell, name in enumerate(self.categories)}
        self.bin_ends = self.decile_ends() if self.numeric else list(range(1, len(self.counts) + 1))
        self.bins = len(self.bin_ends)
        self.single = np.array([self.is_single(cell) for cell in range(self.missing)], dtype=bool)
        self.rank_cells = self.numeric and bool(np.all(self.single | (self.counts[:-1] == 0)))

    def check(self):
        """ValueError where the parts do not fit together."""
        if self.dtype not in keys.DTYPES or self.role not in ROLES:
            raise ValueError(f"feature '{self.name}': unknown dtype '{self.dtype}' or role {self.role}")
        cells = len(self.edges) + 2 if self.numeric else len(self.categories) + 3
        if len(self.counts) != cells:
            raise ValueError(f"feature '{self.name}': expected {cells} cell_counts, got {len(self.counts)}")

    def category_key(self, name):
        return name if self.dtype == "BYTES" else keys.key_from_text(name, self.dtype)

    def is_single(self, cell):
        """Whether a numeric cell holds one value only."""
        if not self.numeric or cell >= len(self.edges):
            return False
        return self.edges[cell] - self.edges[cell - 1] == 1 if cell > 0 else self.edges[0] == 0

    def decile_ends(self):
        """The first cell after each bin: deciles of what is not missing, cut at cell ends only."""
        total, reached, closed, ends = int(self.counts[:-1].sum()), 0, [0], []
        for cell in range(len(self.counts) - 1 if total else 0):
            reached += int(self.counts[cell])
            decile = math.floor(10 * closed[-1] / total + 1e-9)
            if reached / total >= (decile + 1) / 10 - 1e-12:
                ends.append(cell + 1)
                closed.append(reached)
        while ends and total - closed[-1] < 0.05 * total:  # a small last bin joins the one before
            ends.pop()
            closed.pop()
        return [*ends, len(self.counts) - 1, len(self.counts)]

    def cell_of(self, value):
        """The cell of a float, int, bool, bytes or None (missing); None where the dtype cannot be read from it."""
        if value is None:
            return self.missing
        if isinstance(value, bytes) != (self.dtype == "BYTES"):
            return None
        key = value if self.dtype == "BYTES" else keys.key_of(value, self.dtype)
        if key is None:
            return self.missing
        return bisect.bisect_left(self.edges, key) if self.numeric else self.category_cell(key)

    def category_cell(self, key):
        own = self.own_cell.get(key)
        if own is not None:
            return own
        other = len(self.categories)
        hashed = keys.hash_of_text(key) if self.dtype == "BYTES" else keys.mix(key)
        return other if self.unseen_joins_other or hashed in self.known else other + 1

    def in_bins(self, cells):
        """Counts per cell → counts per bin; the last axis is cells."""
        starts = [0, *self.bin_ends[:-1]]
        return np.add.reduceat(cells, starts, axis=-1)

    def bin_label(self, index):
        if index == self.bins - 1:
            return "missing"
        if not self.numeric:
            names = [name.decode("utf-8", "backslashreplace") for name in self.categories]
            return [*names, "other", "unseen"][index]
        low, high = self.bin_range(index)
        return f"({'-inf' if low is None else f'{low:.9g}'}, {'inf)' if high is None else f'{high:.9g}]'}"

    def bin_range(self, index):
        """(lower, upper) numbers of a numeric bin, None where it is open or has none."""
        if not self.numeric or index == self.bins - 1:
            return None, None
        ends = [self.end_number(end - 1) for end in (self.bin_ends[index - 1] if index else 0, self.bin_ends[index])]
        return ends[0], ends[1]

    def end_number(self, cell):
        return keys.number_of(self.edges[cell], self.dtype) if 0 <= cell < len(self.edges) else None


class Profile:
    """What one model version was trained on. Labels and `left_out` are not in it: records do not hold them."""

    def __init__(self, data, descriptors, left_out=()):
        """ValueError where `data` is no reference of schema version 1, or its parts do not fit."""
        message = message_class(descriptors, "driftserve.v1.Reference")()
        try:
            message.ParseFromString(data)
        except Exception as error:
            raise ValueError("not Protobuf of driftserve.v1.Reference") from error
        if message.schema_version != 1:
            raise ValueError(f"schema_version: expected 1, got {message.schema_version}")
        self.model_name, self.model_version, self.hash = message.model_name, message.model_version, message.hash
        self.rows, self.created_ns = message.rows, message.created_unix_ns
        self.kept = [i for i, feature in enumerate(message.features)
                     if feature.role != LABEL and feature.name not in left_out]
        self.features = [Layout(message.features[i]) for i in self.kept]
        for feature in self.features:
            if int(feature.counts.sum()) != self.rows:
                raise ValueError(f"feature '{feature.name}': expected cell_counts of {self.rows} rows in all")
        self.strata = {stratum.name.decode("utf-8", "replace"): self.of_stratum(stratum) for stratum in message.strata}
        self.cell_offsets = np.cumsum([0, *(len(feature.counts) for feature in self.features)])
        self.bin_offsets = np.cumsum([0, *(feature.bins for feature in self.features)])
        sizes = [np.diff([0, *feature.bin_ends]) for feature in self.features]
        self.bin_of_cell = np.repeat(np.arange(self.bin_offsets[-1]), np.concatenate(sizes))

    def of_stratum(self, stratum):
        """(rows, counts per feature) of a stratum's own reference."""
        counts = [np.array(stratum.features[i].cell_counts, dtype=np.int64) for i in self.kept]
        return stratum.rows, counts

    def stratum_of(self, name):
        """What a record's stratum is counted as: where the profile has strata, every other name is its default."""
        return "default" if "default" in self.strata and name not in self.strata else name
