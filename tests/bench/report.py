"""The part of README.md that is written from what the comparisons left behind."""

from figures import spread, table

BEGIN, END = "<!-- figures: written by run_bench.py -->", "<!-- end of figures -->"
FIGURES_HEAD = ["#", "ratio", "median (least … most)", "must", ""]


def sides_table(sides):
    """Lines: one server each."""
    timed = any(one["p50_us"] for rounds in sides.values() for one in rounds)
    head = ["server", "req/s", "CPU, µs per request", "of it the poller's"]
    rows = []
    for name, rounds in sides.items():
        def cell(field, form="{:.2f}"):
            return spread([one[field] for one in rounds], form)
        polls = all(one["poller_us"] for one in rounds)
        rows.append([name, cell("requests_per_second", "{:.0f}"), cell("process_us"),
                     cell("poller_us") if polls else "", *([cell("p50_us", "{:.0f}")] if timed else [])])
    return table(head + (["p50, µs"] if timed else []), rows)


def section(outcome):
    """A comparison's own lines: where and when, its servers, its notes."""
    rounds = len(outcome.figures[0].values)
    took = f"{rounds} rounds; load average before it {outcome.load_before:.1f}" if rounds else "not measured"
    lines = [f"### {outcome.title}", "", f"{outcome.measured}, {took}.", ""]
    if outcome.sides:
        lines += [*sides_table(outcome.sides), ""]
    return lines + [line for note in outcome.notes for line in (note, "")]


def render(outcomes):
    """All lines of the part, from the outcomes in order."""
    rows = [figure.row() for outcome in outcomes for figure in outcome.figures]
    machines = sorted({outcome.machine for outcome in outcomes})
    dates = sorted(outcome.measured[:10] for outcome in outcomes)
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    lines = ["", f"Measured {when} on {', '.join(machines)}: servers on core 0, clients on core 1.", "",
             *table(FIGURES_HEAD, rows), ""]
    return lines + [line for outcome in outcomes for line in section(outcome)]


def write(readme, outcomes):
    """Replaces the part between the two marks; by another name first, so that a reader never sees half of it."""
    head, _, rest = readme.read_text().partition(BEGIN)
    part = readme.with_suffix(".part")
    part.write_text(head + BEGIN + "\n" + "\n".join(render(outcomes)) + "\n" + END + rest.partition(END)[2])
    part.rename(readme)
