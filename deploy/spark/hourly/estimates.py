"""Shares, their covariance, PSI and KS from blocks of weighted rows: one group, a row of probability π standing for 1/π
rows, as the statistics are defined for those who read the topic (drift/blocks.cc, psi.cc, ks.cc)."""

import math
from dataclasses import dataclass

import numpy as np

MEASURED_BLOCKS = 20  # with as many, the covariance is measured between neighbours; else the model's form is taken
BEYOND_CHANCE = 3


@dataclass
class View:
    """Blocks of all rows, or of one stratum, as arrays: one line a pane or a class of cells."""
    slots: np.ndarray  # of the pane's block, 0 … in order of time
    weights: np.ndarray  # 1/π of the pane
    bins: np.ndarray  # [pane, bin of all features]
    cell_weights: np.ndarray
    cells: np.ndarray  # [class, cell of all features]

    @classmethod
    def of(cls, blocks, stratum=None):
        panes = sorted(key for key in blocks.panes if stratum in (None, key[1]))
        classes = sorted(key for key in blocks.cells if stratum in (None, key[0]))
        slots = np.unique([block for block, _, _ in panes], return_inverse=True)[1]
        return cls(slots, 1 / np.array([probability for _, _, probability in panes]),
                   np.array([blocks.panes[key] for key in panes]),
                   1 / np.array([probability for _, probability in classes]),
                   np.array([blocks.cells[key] for key in classes]))


@dataclass
class Bins:
    """The bins of a feature that are in use on either side, B of them."""
    used: np.ndarray
    reference: np.ndarray  # p
    current: np.ndarray  # q̂
    covariance: np.ndarray  # Σ_q
    rows: float  # m
    effective_rows: float  # m_eff
    kept: float
    seen: float
    kish: float
    design_effect: float
    reference_missing: float
    missing: float
    missing_samples: float


def steps_between(pulls, slots):
    """Sum of each slot's lines of `pulls`, then the differences of neighbouring slots: [slots − 1, …]."""
    by_slot = np.zeros((slots[-1] + 1, pulls.shape[1]))
    np.add.at(by_slot, slots, pulls)
    return np.diff(by_slot, axis=0)


def model_covariance(weights, bins, kept, seen):
    """n/(n−1) (diag s + S q qᵀ − s qᵀ − q sᵀ), s = Σ w² k / N²."""
    q, s = weights @ bins / seen, weights**2 @ bins / seen**2
    cross = np.outer(s, q)
    return kept / max(kept - 1, 1) * (np.diag(s) + s.sum() * np.outer(q, q) - cross - cross.T)


def estimate_bins(view, profile, index, reference):
    """`reference`: (rows, effective rows, counts per cell) of the feature, of all or of the stratum."""
    rows, effective_rows, counts = reference
    layout, part = profile.features[index], slice(*profile.bin_offsets[index:index + 2])
    all_bins, per_pane = view.bins[:, part], view.bins[:, part].sum(axis=1)
    kept, seen = float(per_pane.sum()), float(view.weights @ per_pane)
    p, q = layout.in_bins(counts) / rows, view.weights @ all_bins / seen
    used = np.flatnonzero((p > 0) | (q > 0))
    bins = all_bins[:, used]
    model = model_covariance(view.weights, bins, kept, seen)
    covariance, effect = model, 1.0
    if view.slots[-1] + 1 >= MEASURED_BLOCKS:
        pulls = view.weights[:, None] / seen * (bins - per_pane[:, None] * q[used])
        steps = steps_between(pulls, view.slots)
        covariance = (len(steps) + 1) / (2 * len(steps)) * steps.T @ steps
        smooth_p = smooth(p[used], rows)
        trace = (np.diag(model) / smooth_p).sum()
        effect = float((np.diag(covariance) / smooth_p).sum() / trace) if trace > 0 else 1.0
    missing, variance = float(q[-1]), covariance[-1, -1]
    samples = missing * (1 - missing) / variance if used[-1] == layout.bins - 1 and variance > 0 else 0
    return Bins(used, p[used], q[used], covariance, rows, effective_rows, kept, seen,
                seen**2 / float(view.weights**2 @ per_pane), effect, float(p[-1]), missing,
                float(samples))


def smooth(shares, rows):
    return (shares * rows + 0.5) / (rows + len(shares) / 2)


def effective_samples(bins):
    """The rows of a plain random sample that would tell as much about the bins."""
    by = smooth(bins.reference, bins.rows)
    plain = float((bins.current * (1 - bins.current) / by).sum())
    trace = float((np.diag(bins.covariance) / by).sum())
    return plain / trace if len(bins.used) > 1 and trace > 0 and plain > 1e-12 else bins.kish


@dataclass
class Psi:
    """PSI and the law of its chance: trace t1, square trace t2, slope ρ."""
    value: float
    trace: float
    square_trace: float
    slope: float

    def law(self, level):
        """(scale, freedom, noncentrality) of the scaled χ² at true PSI `level`; None where nothing varies."""
        mean = self.trace + 2 * level
        scale = (self.square_trace + 2 * self.slope * level) / mean if mean > 0 else 0
        return (scale, max(self.trace / scale, 1e-6), level / scale) if scale > 0 else None


def psi_of(bins):
    p, q = smooth(bins.reference, bins.rows), smooth(bins.current, effective_samples(bins))
    ratio = np.log(q / p)
    value = max(0.0, float(((q - p) * ratio).sum()))
    by_traffic, by_reference = np.sqrt(np.minimum(1 / p, BEYOND_CHANCE / q)), np.sqrt(p)
    both = bins.covariance * np.outer(by_traffic, by_traffic)
    both += (np.eye(len(p)) - np.outer(by_reference, by_reference)) / bins.effective_rows
    slope = 0.0
    if value > 0:
        g, h = ratio + 1 - p / q, -ratio + 1 - q / p
        of_reference = max(0.0, float(h**2 @ p - (h @ p) ** 2)) / bins.effective_rows
        slope = (max(0.0, float(g @ bins.covariance @ g)) + of_reference) / (4 * value)
    return Psi(value, float(np.trace(both)), float((both**2).sum()), slope)


@dataclass
class Ks:
    value: float  # over the ends of the cells
    upper: float  # the true distance is between value and this
    effective_number: float  # en

    def p_value(self, level):
        """Of a true distance of at most `level`, above 0."""
        return math.exp(-2 * self.effective_number * max(0.0, self.value - level) ** 2)

    def threshold(self, level, alpha):
        if self.effective_number <= 0:
            return 1.0
        return min(1.0, level + math.sqrt(math.log(1 / alpha) / (2 * self.effective_number)))


def ks_of(view, profile, index, reference, bins):
    """None where a side has no row with a value of the numeric feature."""
    rows, effective_rows, counts = reference
    layout, begin = profile.features[index], profile.cell_offsets[index]
    present, cells = rows - int(counts[-1]), view.cells[:, begin:begin + layout.missing]
    if present <= 0 or cells.sum() == 0:
        return None
    below = np.cumsum(counts[:-1])
    equal = len(np.unique(view.weights)) == 1
    if equal:
        plain = np.cumsum(cells.sum(axis=0))
        n = int(plain[-1])
        off = max(abs(int(c) * n - int(d) * present) for c, d in zip(below, plain))
        value, current = off / (present * n), plain / n
    else:
        weighted = np.cumsum(view.cell_weights @ cells)
        current = weighted / weighted[-1]
        value = min(1.0, float(np.abs(below / present - current).max()))
    g = below / present
    upper = value if layout.rank_cells else upper_end(layout, g, current, value)
    m_eff = effective_rows * present / rows
    return Ks(value, upper, effective_number(view, profile, index, bins, g, current, m_eff, equal))


def upper_end(layout, g, f, value):
    """Within a cell of several values one side may be at its upper end while the other is still at its lower."""
    g_before, f_before = np.concatenate([[0], g[:-1]]), np.concatenate([[0], f[:-1]])
    inside = np.maximum(g - f_before, f - g_before)[~layout.single]
    return min(1.0, max(value, float(inside.max()) if len(inside) else 0.0))


def effective_number(view, profile, index, bins, g, f, m_eff, equal):
    """en: rows of both sides that the law of D may count on, less where the traffic's blocks vary more than rows do."""
    layout, begin = profile.features[index], profile.cell_offsets[index]
    cells = view.cells[:, begin:begin + layout.missing]
    per_class = cells.sum(axis=1)
    kept, seen = float(per_class.sum()), float(view.cell_weights @ per_class)
    kish = seen**2 / float(view.cell_weights**2 @ per_class)
    s = np.cumsum(view.cell_weights**2 @ cells) / seen**2
    of_reference = g * (1 - g) / m_eff
    variance = kept / max(kept - 1, 1) * (s * (1 - 2 * f) + s[-1] * f**2) + of_reference
    number = kish * m_eff / (kish + m_eff)
    if not equal and variance.max() > 0:
        number = min(number, 1 / (4 * float(variance.max())))
    ends = np.array(layout.bin_ends[:-2], dtype=int) - 1
    model = float(variance[ends].sum())
    if view.slots[-1] + 1 < MEASURED_BLOCKS or model <= 0:
        return number
    measured = measured_variance(view, profile, index, f[ends], seen) + float(of_reference[ends].sum())
    return number / max(1.0, measured / model)


def measured_variance(view, profile, index, at_ends, seen):
    """Σ over the inner bin ends of the variance of F̂ as the differences of neighbouring blocks show it."""
    per_bin = view.bins[:, slice(*profile.bin_offsets[index:index + 2])][:, :-1]
    below = np.cumsum(per_bin, axis=1)
    pulls = view.weights[:, None] / seen * (below[:, :-1] - below[:, -1:] * at_ends)
    steps = steps_between(pulls, view.slots)
    return float((steps**2).sum()) * (len(steps) + 1) / (2 * len(steps))
