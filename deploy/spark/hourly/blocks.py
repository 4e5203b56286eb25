"""Counts of one hour of one model version, in blocks of time that tell how much the traffic itself varies.

Blocks are stretches of 2^shift nanoseconds, shift being the smallest that leaves at most 120 of them with rows. A part
of the rows never needs a larger shift than all of them, so counts made apart add up to those made together, exactly, in
any order: this is what lets an engine count where the rows lie."""

import numpy as np

MOST_BLOCKS = 120


class Blocks:
    """`panes`: {(block, stratum, probability): rows per bin}, `cells`: {(stratum, probability): rows per cell}, of all
    features end to end. `bin_of_cell`: the bin of each cell. Single-threaded."""

    def __init__(self, bin_of_cell, shift=0):
        self.bin_of_cell, self.shift = bin_of_cell, shift
        self.panes, self.cells, self.occupied = {}, {}, set()

    def add(self, time_ns, stratum, probability, cells):
        """One row; `cells` are indices into all features' cells end to end."""
        self.cells_of(stratum, probability)[cells] += 1
        self.pane(time_ns >> self.shift, stratum, probability)[self.bin_of_cell[cells]] += 1
        self.join()

    def add_pane(self, shift, block, stratum, probability, bins):
        """A pane of another part of the rows; its cells come by add_cells()."""
        self.join(shift)
        self.pane(block >> (self.shift - shift), stratum, probability)[:] += bins
        self.join()

    def add_cells(self, stratum, probability, cells):
        self.cells_of(stratum, probability)[:] += cells

    def pane(self, block, stratum, probability):
        self.occupied.add(block)
        return counts_of(self.panes, (block, stratum, probability), int(self.bin_of_cell[-1]) + 1)

    def cells_of(self, stratum, probability):
        return counts_of(self.cells, (stratum, probability), len(self.bin_of_cell))

    def join(self, least=0):
        """Joins blocks two by two until there are few enough and shift is `least` or more."""
        while self.shift < least or len(self.occupied) > MOST_BLOCKS:
            self.shift += 1
            old, self.panes, self.occupied = self.panes, {}, set()
            for (block, stratum, probability), bins in old.items():
                self.pane(block >> 1, stratum, probability)[:] += bins


def counts_of(table, key, size):
    if key not in table:
        table[key] = np.zeros(size, dtype=np.int64)
    return table[key]
