"""What must hold after a replay. Pure: everything seen comes in, (name, whether it holds, figures) go out."""

import math
import re

DRIFTS = "temp"
CONTROLS = ("hour", "distance")
DEVIATIONS = 4  # binomial standard deviations allowed between a stratum's kept share and its rate


def sampling_rates(monitor_yaml):
    """({stratum: rate}, default rate) of the text of a monitor.yaml."""
    rates = re.search(r"rates:\s*\{(.*?)\}", monitor_yaml, re.S)
    default = re.search(r"default_rate:\s*([0-9.]+)", monitor_yaml)
    return {name: float(rate) for name, rate in re.findall(r"(\w+):\s*([0-9.]+)", rates[1])}, float(default[1])


def answered(replay, rows):
    ok = replay["failed"] == 0 and replay["answered"] == rows
    detail = f"{replay['answered']} of {rows} answered, {replay['failed']} failed"
    return "every request was answered", ok, "; ".join([detail, *list(replay["errors"])[:3]])


def conserved(recount, counters):
    """counters: sampled, acknowledged, dropped, in_flight of the server, and tap_dropped rows."""
    ok = (recount.records == counters["sampled"] == counters["acknowledged"] and recount.records > 0
          and recount.repeated == 0 and recount.lost == 0 and counters["in_flight"] == 0)
    return ("the topic holds what was sampled, each record once", ok,
            f"{recount.records} records read from Kafka, {counters['sampled']:.0f} sampled, "
            f"{counters['acknowledged']:.0f} acknowledged, {counters['dropped']:.0f} dropped, "
            f"{recount.repeated} repeated, {recount.lost} lost")


def shares(recount, seen, rates, default_rate):
    """seen: {stratum: rows sent}. The worst stratum is named."""
    worst, worst_text, ok = -1.0, "no stratum", bool(seen)
    for stratum, rows in sorted(seen.items()):
        rate = rates.get(stratum, default_rate)
        kept = recount.by_stratum.get(stratum, 0)
        spread = math.sqrt(rows * rate * (1 - rate))
        off = abs(kept - rows * rate)
        ok = ok and off <= DEVIATIONS * spread + 1e-9 and recount.probabilities.get(stratum, {rate}) == {rate}
        deviations = off / spread if spread else (0.0 if off < 1e-9 else math.inf)
        if deviations > worst:
            worst = deviations
            worst_text = f"{stratum} kept {kept} of {rows} at rate {rate:g}, {deviations:.1f} standard deviations off"
    return f"each stratum's kept share is within {DEVIATIONS} standard deviations of its rate", ok, f"the farthest: {worst_text}"


def drifted(moments):
    """moments: {month name: Moment}."""
    states = {name: moment.state(DRIFTS) for name, moment in moments.items()}
    ok = bool(states) and all(state == "drifted" for state in states.values())
    return (f"{DRIFTS} is drifted at every month's end", ok,
            ", ".join(f"{name} {state}" for name, state in states.items()))


def controls(moments, between):
    """between: {feature: states that any scrape found}."""
    ends = {name: {moment.state(name) for moment in moments.values()} for name in CONTROLS}
    ok = all(ends[name] == {"stable"} and between[name] <= {"stable", "warming", "observing"} for name in CONTROLS)
    return (f"{' and '.join(CONTROLS)} are stable at every month's end and never anything worse", ok,
            "; ".join(f"{name}: {', '.join(sorted(between[name]))}" for name in CONTROLS))


def shown(moments):
    counts = {name: len(moment.values) for name, moment in moments.items()}
    return ("Prometheus shows model_feature_drift at every month's end", all(counts.values()),
            "series: " + ", ".join(f"{name} {count}" for name, count in counts.items()))


def labels_accepted(replay, labelled):
    """labelled: flights that arrived."""
    reported = replay["labels"]
    ok = reported["reported"] == reported["accepted"] == labelled and labelled > 0
    return ("the label of every flight that arrived was reported and accepted", ok,
            f"{labelled} arrived, {reported['reported']} reported, {reported['accepted']} accepted")


def joined(labels, kept, rows, labelled):
    """labels: {outcome: count} of the server; kept, rows, labelled: {stratum: count} sampled, sent, and with a label."""
    sampled = sum(kept.values())
    shares = [(count, labelled.get(stratum, 0) / rows[stratum]) for stratum, count in kept.items()]
    expected = sum(count * share for count, share in shares)
    spread = math.sqrt(sum(count * share * (1 - share) for count, share in shares))
    ok = sampled > 0 and abs(labels["joined"] - expected) <= DEVIATIONS * spread + 1e-9 and labels["dropped"] == 0
    return ("as many sampled predictions got their label as flights arrive", ok,
            f"{labels['joined']:.0f} of {sampled} joined, {expected:.0f} expected (standard deviation {spread:.0f}); "
            f"{labels['unknown']:.0f} labels of flights that were not sampled, {labels['late']:.0f} late, "
            f"{labels['repeated']:.0f} repeated")


def concept_drift(states):
    """states: {detector: states that any scrape found}, with their verdict as `all`."""
    detectors = sorted(name for name, found in states.items() if name != "all" and "drifted" in found)
    return ("a detector of concept drift found that the predictions got worse", bool(detectors),
            f"found by {', '.join(detectors) or 'none'}; verdict: {', '.join(sorted(states.get('all', {'warming'})))}")
