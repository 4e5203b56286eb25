"""What the benchmark makes of its measurements: the ideal queue, medians, verdicts, tables."""

import pathlib
import random
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]

import ideal_queue  # noqa: E402
import peers  # noqa: E402
import queueing  # noqa: E402
import report  # noqa: E402
import run_bench  # noqa: E402
from figures import Figure, at_least, at_most, ratios, spread, table, unsteady  # noqa: E402
from outcome import Outcome  # noqa: E402


def poisson_times(rate, count, seed):
    source, now, times = random.Random(seed), 0.0, []
    for _ in range(count):
        now += source.expovariate(rate)
        times.append(now)
    return times


@pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.7])
def test_one_at_a_time_is_the_closed_form_of_m_d_1(utilisation):
    service = 1e-3
    waits = ideal_queue.waits(poisson_times(utilisation / service, 100_000, 1), lambda rows: service, 1)
    mean = service + service * utilisation / (2 * (1 - utilisation))
    assert sum(waits) / len(waits) == pytest.approx(mean, rel=0.03)


def test_a_batch_takes_all_that_waits_and_no_more():
    # The first runs alone until 10; four came meanwhile, two fit; the others run next; the last finds the queue idle.
    waits = ideal_queue.waits([0, 1, 2, 3, 4, 100], lambda rows: 10 * rows, 2)
    assert waits == [10, 29, 28, 47, 46, 10]


def test_a_request_that_comes_when_a_batch_ends_is_in_the_next():
    assert ideal_queue.waits([0, 10, 10], lambda rows: 10, 8) == [10, 10, 10]


def test_percentile_is_the_least_value_that_so_many_do_not_exceed():
    assert ideal_queue.percentile(range(1, 101), 0.99) == 99
    assert ideal_queue.percentile([5, 1, 3], 0.5) == 3
    assert ideal_queue.percentile([7], 0.99) == 7


def test_service_times_between_the_measured_sizes():
    service = ideal_queue.interpolated({1: 10.0, 3: 14.0, 7: 18.0})
    assert [service(rows) for rows in (1, 2, 3, 5, 7, 9)] == [10, 12, 14, 16, 18, 20]
    assert ideal_queue.interpolated({4: 2.0})(1) == 2.0


def test_the_costs_of_a_turn_from_two_loads():
    # 30 for a turn and 10 for a row, beside a model that takes 8 for one row and 64 for 32.
    fixed, each = ideal_queue.turn_costs((48.0, 8.0, 1.0), (30 / 32 + 10 + 2, 2.0, 32.0))
    assert (fixed, each) == (pytest.approx(30), pytest.approx(10))
    assert ideal_queue.turn_costs((10.0, 0.0, 1.0), (11.0, 0.0, 2.0)) == (0, 11)
    assert ideal_queue.turn_costs((10.0, 0.0, 1.0), (11.0, 2.0, 1.0)) == (0, 9)


@pytest.mark.parametrize("echoes, ideal, verdict", [
    ([100, 119], [200, 290], "holds"),
    ([100, 121], [200, 290], "no verdict"),
    ([100, 119], [200, 310], "no verdict"),
])
def test_random_arrivals_decide_nothing_on_an_unsteady_machine(echoes, ideal, verdict):
    outcome = queueing.outcome(1000.0, echoes, [240, 340], ideal)
    assert outcome.figures[0].verdict() == verdict


def test_spread_and_ratios():
    assert spread([3, 1, 2]) == "2.00 (1.00 … 3.00)"
    assert spread([1500.4, 1200.2], "{:.0f}") == "1350 (1200 … 1500)"
    assert ratios([4, 9], [2, 3]) == [2, 3]
    with pytest.raises(ValueError):
        ratios([1], [1, 2])


def test_unsteady_is_more_than_the_limit_between_least_and_most():
    assert not unsteady([100, 120, 110], 0.2)
    assert unsteady([100, 121], 0.2)


@pytest.mark.parametrize("figure, verdict", [
    (Figure("P1", "x", [0.8, 0.9, 0.85], at_least(0.85)), "holds"),
    (Figure("P1", "x", [0.8, 0.9, 0.84], at_least(0.85)), "**missed**"),
    (Figure("P5", "x", [1.4], at_most(1.4)), "holds"),
    (Figure("P5", "x", [1.41], at_most(1.4)), "**missed**"),
    (Figure("P6", "x", [9.0], at_most(1.3), no_verdict="the echo moved"), "no verdict"),
    (Figure("P2", "x", bound=at_least(4), missing="not installed"), "not measured"),
    (Figure("", "x", [1.0]), ""),
])
def test_the_median_decides(figure, verdict):
    assert figure.verdict() == verdict


def test_a_row_says_the_unit_and_why_there_is_no_verdict():
    row = Figure("P10", "start", [0.5], at_most(2, " s")).row()
    assert row == ["P10", "start", "0.50 (0.50 … 0.50) s", "≤ 2 s", "holds"]
    assert "the echo moved" in Figure("P6", "x", [9.0], at_most(1.3), no_verdict="the echo moved").row()[2]
    assert Figure("P2", "x", missing="not installed").row()[2] == "not installed"


def test_table():
    assert table(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


def an_outcome():
    rounds = [{"requests_per_second": 100.0 + i, "process_us": 2.0, "poller_us": 1.5, "requests": 5, "p50_us": 0.0}
              for i in range(3)]
    figures = [Figure("P1", "against it", [0.9, 1.0, 0.95], at_least(0.85)), Figure("P2", "gone", missing="not there")]
    return Outcome(figures, {"bare echo": rounds}, ["A note."], "A title", "2026-01-02 03:04", "a machine", 0.5)


def test_what_is_kept_is_what_was_found(tmp_path):
    an_outcome().write(tmp_path / "new" / "P1.json")
    assert Outcome.read(tmp_path / "new" / "P1.json") == an_outcome()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["P1.json"]


def test_the_report_replaces_its_own_part_alone(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nlast month's\n{report.END}\nafter\n")
    report.write(readme, [an_outcome()])
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith(f"{report.END}\nafter\n") and "last month" not in text
    assert "| P1 | against it | 0.95 (0.90 … 1.00) | ≥ 0.85 | holds |" in text
    assert "| P2 | gone | not there |  | not measured |" in text
    assert "| bare echo | 101 (100 … 102) | 2.00 (2.00 … 2.00) | 1.50 (1.50 … 1.50) |" in text
    assert "A note." in text and "2026-01-02 03:04, 3 rounds" in text


@pytest.mark.parametrize("error, why", [
    (peers.Missing("mosec is not installed"), "mosec is not installed"),
    (ValueError("first line\nsecond"), "failed: first line"),
])
def test_a_comparison_that_cannot_be_made_is_a_line_that_says_why(error, why):
    def run(context):
        raise error
    why += ". Not measured here, from an earlier run: 30 req/s"
    outcome = run_bench.attempt(run_bench.Comparison(("P4", "P5"), "a title", run, "30 req/s"), 5, 1.0)
    assert [(figure.key, figure.missing, figure.verdict()) for figure in outcome.figures] == [
        ("P4", why, "not measured"), ("P5", why, "not measured")]
    assert "not measured" in "\n".join(report.render([outcome]))


def test_comparisons_are_chosen_by_their_figures():
    assert run_bench.chosen(None) == run_bench.COMPARISONS
    assert [one.keys for one in run_bench.chosen("P3,P10")] == [("P2", "P3"), ("P10",)]
    with pytest.raises(SystemExit, match="P99"):
        run_bench.chosen("P1,P99")
