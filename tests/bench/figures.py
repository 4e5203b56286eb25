"""What rounds of measuring come to: medians, spreads, ratios and verdicts. Pure."""

import dataclasses
import statistics


def spread(values, form="{:.2f}"):
    """median (least … most)."""
    low, middle, high = (form.format(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low} … {high})"


def ratios(numerators, denominators):
    """Ratio round by round: neighbours in time saw the same machine."""
    return [above / below for above, below in zip(numerators, denominators, strict=True)]


def unsteady(values, limit):
    """Whether the largest value is more than `limit` (0.2: a fifth) above the smallest."""
    return max(values) > min(values) * (1 + limit)


@dataclasses.dataclass
class Bound:
    """What a median must not be under, or over; `of` says what the number counts."""
    sign: str  # "≥" or "≤"
    limit: float
    of: str = ""

    def __str__(self):
        return f"{self.sign} {self.limit:g}{self.of}"

    def holds(self, values):
        middle = statistics.median(values)
        return middle >= self.limit if self.sign == "≥" else middle <= self.limit


def at_least(limit, of=""):
    return Bound("≥", limit, of)


def at_most(limit, of=""):
    return Bound("≤", limit, of)


@dataclasses.dataclass
class Figure:
    """One line of the table of figures: `values` of the rounds against a bound, or why there are none."""
    key: str    # P1
    what: str
    values: list = dataclasses.field(default_factory=list)
    bound: Bound | None = None
    form: str = "{:.2f}"
    missing: str = ""     # why there is no value
    no_verdict: str = ""  # why the values decide nothing

    def verdict(self):
        if self.missing:
            return "not measured"
        if self.bound is None:
            return ""
        if self.no_verdict:
            return "no verdict"
        return "holds" if self.bound.holds(self.values) else "**missed**"

    def row(self):
        """Its cells: number, what, measured, bound, verdict."""
        measured = self.missing or spread(self.values, self.form) + (self.bound.of if self.bound else "")
        if self.no_verdict:
            measured += f"; {self.no_verdict}"
        return [self.key, self.what, measured, str(self.bound or ""), self.verdict()]

    def stored(self):
        return dataclasses.asdict(self)

    @staticmethod
    def restored(fields):
        bound = fields["bound"] and Bound(**fields["bound"])
        return Figure(**{**fields, "bound": bound})


def table(head, rows):
    """Lines of a Markdown table."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
