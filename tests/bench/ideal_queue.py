"""The queue that a server of batches is measured against: no time is lost between batches. Pure."""

import bisect
import math


def waits(arrivals, service, largest):
    """Seconds from arrival to the end of its batch, for each request, in order. `arrivals`: ascending times;
    `service(rows)`: seconds that a batch takes; `largest`: rows of a batch at most.

    Work-conserving: a batch begins as soon as the one before has ended and something waits, and takes all that waits.
    With `largest` 1 and a constant service it is the M/D/1 queue where arrivals are Poisson.
    """
    found, first, free = [], 0, -math.inf
    while first < len(arrivals):
        start = max(free, arrivals[first])
        after = bisect.bisect_right(arrivals, start, first, min(len(arrivals), first + largest))
        free = start + service(after - first)
        found += [free - arrival for arrival in arrivals[first:after]]
        first = after
    return found


def turn_costs(alone, together):
    """(fixed, for each row): the seconds of a server's turn beside the model, from two loads that differ in how many
    rows a turn has. Each load: (seconds of CPU per row, of them in the model, rows per turn)."""
    (cpu_1, model_1, rows_1), (cpu_2, model_2, rows_2) = alone, together
    if rows_1 == rows_2:
        return 0.0, cpu_2 - model_2
    fixed = max(0.0, ((cpu_1 - model_1) - (cpu_2 - model_2)) / (1 / rows_1 - 1 / rows_2))
    return fixed, cpu_2 - model_2 - fixed / rows_2


def percentile(values, share):
    """The least value that at least `share` of all do not exceed: the 99th percentile where `share` is 0.99."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def interpolated(measured):
    """service(rows) from measured {rows: seconds}: linear between neighbours, and with the nearest slope beyond."""
    sizes = sorted(measured)
    if len(sizes) == 1:
        return lambda rows: measured[sizes[0]]

    def service(rows):
        above = min(max(bisect.bisect_left(sizes, rows), 1), len(sizes) - 1)
        low, high = sizes[above - 1], sizes[above]
        return measured[low] + (measured[high] - measured[low]) * (rows - low) / (high - low)

    return service
