"""What an hour's blocks say: per feature PSI, KS, whether they can be judged and in what state they are; all as a model
of the report's JSON (drift/report/report.schema.json)."""

import datetime
import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from hourly import estimates
from hourly.profile import FEATURE, ROLES

HOUR_NS = 3600 * 1_000_000_000
STATES = ("warming", "stable", "warning", "drifted")  # in order of how bad they are


@dataclass(frozen=True)
class Settings:
    """monitor.yaml's thresholds, with its defaults."""
    psi_warn: float = 0.1
    psi_alert: float = 0.25
    ks_warn: float = 0.1
    ks_alert: float = 0.2
    alpha: float = 0.05
    dataset_drift_share: float = 0.5


def why_not_ready(samples, bins, effective_rows, settings):
    """Empty where there are rows enough on both sides to judge a PSI of psi_warn."""
    by_bins = 5 * bins if bins <= 20 else 10 * bins
    least = float(stats.chi2.isf(settings.alpha, max(bins, 2) - 1)) / settings.psi_warn if settings.psi_warn else 0
    if effective_rows <= least:
        return f"the reference is worth {effective_rows:.0f} rows, more than {least:.0f} are needed for {bins} bins"
    needed = max(by_bins, 1 / (1 / least - 1 / effective_rows)) if least else by_bins
    if samples >= needed:
        return ""
    return (f"the rows kept are worth {math.floor(samples)} effective samples, {math.ceil(needed)} are needed for "
            f"{bins} bins")


def psi_p_value(psi, level):
    law = psi.law(level)
    if psi.value <= 0 or law is None:
        return float(psi.value <= level)
    scale, freedom, noncentrality = law
    x = psi.value / scale
    return float(stats.ncx2.sf(x, freedom, noncentrality) if noncentrality > 0 else stats.chi2.sf(x, freedom))


def psi_threshold(psi, level, alpha):
    law = psi.law(level)
    return level if law is None else float(law[0] * stats.ncx2.isf(alpha, law[1], law[2]))


def psi_measure(psi, settings):
    return {"measure": "psi", "value": psi.value, "bias_corrected": psi.value - psi.trace,
            "warn_threshold": psi_threshold(psi, settings.psi_warn, settings.alpha),
            "alert_threshold": psi_threshold(psi, settings.psi_alert, settings.alpha),
            "p_value": psi_p_value(psi, settings.psi_warn), "p_value_alert": psi_p_value(psi, settings.psi_alert),
            "p_value_no_drift": psi_p_value(psi, 0)}


def ks_measure(ks, settings):
    return {"measure": "ks", "value": ks.value, "value_upper": ks.upper,
            "warn_threshold": ks.threshold(settings.ks_warn, settings.alpha),
            "alert_threshold": ks.threshold(settings.ks_alert, settings.alpha),
            "p_value": ks.p_value(settings.ks_warn), "p_value_alert": ks.p_value(settings.ks_alert)}


def missing_p_value(bins, samples):
    rows, m, share = bins.missing_samples or samples, bins.effective_rows, bins.reference_missing
    pooled = (share * m + bins.missing * rows) / (m + rows)
    variance = pooled * (1 - pooled) * (1 / m + 1 / rows)
    return float(min(1.0, 2 * stats.norm.sf(abs(bins.missing - share) / math.sqrt(variance)))) if variance > 0 else 1.0


def bin_entries(layout, reference_shares, bins):
    entries = []
    for index in range(layout.bins):
        entry = {"label": layout.bin_label(index)}
        ends = dict(zip(("lower", "upper"), layout.bin_range(index)))
        entry.update({name: float(end) for name, end in ends.items() if end is not None})
        entry["reference_share"] = float(reference_shares[index])
        found = np.flatnonzero(bins.used == index)
        entry["current_share"] = float(bins.current[found[0]]) if len(found) else 0.0
        entries.append(entry)
    return entries


def feature_result(view, profile, index, reference, settings):
    """One feature as the report's JSON has it, with its bins and still without a state."""
    layout, (rows, effective_rows, counts) = profile.features[index], reference
    described = {"name": layout.name, "role": ROLES[layout.role],
                 "kind": "numeric" if layout.numeric else "categorical"}
    if rows == 0:
        return {**described, "ready": False, "state": "warming", "reason": "the reference has no row of this stratum",
                "kept_rows": 0.0, "reference_missing_ratio": 0.0, "measures": [], "bins": []}
    bins = estimates.estimate_bins(view, profile, index, reference)
    samples = estimates.effective_samples(bins)
    shares = layout.in_bins(counts) / rows
    reason = why_not_ready(samples, len(bins.used), effective_rows, settings)
    result = {**described, "ready": not reason, "state": "warming" if reason else "stable", "kept_rows": bins.kept,
              "effective_samples": samples, "kish_samples": bins.kish,
              "reference_missing_ratio": float(shares[-1]), "measures": [], "bins": bin_entries(layout, shares, bins)}
    if reason:
        return {**result, "reason": reason}
    result.update(design_effect=bins.design_effect, missing_ratio=bins.missing,
                  missing_p_value=missing_p_value(bins, samples))
    if len(bins.used) > 1:
        result["measures"].append(psi_measure(estimates.psi_of(bins), settings))
    else:
        result["reason"] = "constant"
    ks = estimates.ks_of(view, profile, index, reference, bins) if layout.numeric else None
    if ks is not None:
        result["measures"].append(ks_measure(ks, settings))
    return result


def decide(features, settings):
    """Sets the states: within a view, a measure and a level the p-values are one family (Benjamini–Hochberg)."""
    for measure in ("psi", "ks"):
        family = [(feature, entry) for feature in features
                  for entry in feature["measures"] if entry["measure"] == measure]
        for _, entry in family:
            entry["state"] = "stable"
        for key, state in (("p_value", "warning"), ("p_value_alert", "drifted")) if family else ():
            adjusted = stats.false_discovery_control([entry[key] for _, entry in family])
            for (feature, entry), p_value in zip(family, adjusted):
                if p_value <= settings.alpha:
                    entry["state"] = state
        for feature, entry in family:
            feature["state"] = max(feature["state"], entry["state"], key=STATES.index)


def reference_of(profile, index, stratum=None):
    """(rows, effective rows, counts): the stratum's own where the profile has it, else the whole's."""
    layout = profile.features[index]
    effective = min(layout.effective_rows, profile.rows) if layout.effective_rows > 0 else profile.rows
    if stratum not in profile.strata:
        return float(profile.rows), float(effective), layout.counts
    rows, counts = profile.strata[stratum]
    return float(rows), rows * effective / profile.rows, counts[index]


def view_result(blocks, profile, settings, stratum=None):
    view = estimates.View.of(blocks, stratum)
    features = [feature_result(view, profile, index, reference_of(profile, index, stratum), settings)
                for index in range(len(profile.features))]
    decide(features, settings)
    rows = view.bins[:, :profile.bin_offsets[1]].sum(axis=1)
    return {"rows_seen": float(view.weights @ rows), "rows_kept": float(rows.sum()), "features": features}


def model_state(features, settings):
    """(state, share of drifted features among those that can be judged)."""
    judged = [feature for feature in features if feature["role"] == ROLES[FEATURE] and feature["ready"]]
    drifted = sum(feature["state"] == "drifted" for feature in judged)
    share = drifted / len(judged) if judged else 0.0
    if not any(feature["ready"] for feature in features):
        return "warming", share
    if drifted and share >= settings.dataset_drift_share:
        return "drifted", share
    return "warning" if any(feature["state"] in ("warning", "drifted") for feature in features) else "stable", share


def sentence(features):
    """The verdict: how many moved, and which most."""
    def figure(feature):
        return feature["measures"][0]["value"] if feature["measures"] else 0.0

    own = [feature for feature in features if feature["role"] == ROLES[FEATURE]]
    moved = [feature for feature in own if feature["state"] in ("warning", "drifted")]
    if not moved:
        judged = sum(feature["ready"] for feature in own)
        return f"No feature drifted, {judged} of {len(own)} judged."
    worst = max(moved, key=lambda feature: (STATES.index(feature["state"]), figure(feature)))
    drifted = sum(feature["state"] == "drifted" for feature in own)
    return (f"{drifted} of {len(own)} features drifted, {len(moved) - drifted} moved beyond the warning threshold; "
            f"most {worst['name']} ({worst['measures'][0]['measure'].upper()} {figure(worst):.3g}).")


def utc(time_ns):
    return datetime.datetime.fromtimestamp(time_ns // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def evaluate(blocks, profile, hour_ns, settings, warnings=()):
    """One entry of the report's `models`: the hour from `hour_ns` on."""
    population = view_result(blocks, profile, settings)
    names = sorted({stratum for stratum, _ in blocks.cells})
    strata = [{"stratum": name, **view_result(blocks, profile, settings, name)} for name in names if len(names) > 1]
    for stratum in strata:
        for feature in stratum["features"]:
            del feature["bins"]
    state, share = model_state(population["features"], settings)
    end = hour_ns + HOUR_NS
    return {"model_name": profile.model_name, "model_version": profile.model_version, "state": state,
            "verdict": {"sentence": sentence(population["features"])}, "evaluated": utc(end),
            "evaluated_seconds": end / 1e9, "drifted_share": share,
            "dataset_drift_share": settings.dataset_drift_share, "window_seconds": HOUR_NS / 1e9,
            "tolerances": {name: getattr(settings, name)
                           for name in ("psi_warn", "psi_alert", "ks_warn", "ks_alert", "alpha")},
            "reference": {"hash": profile.hash, "rows": profile.rows}, "warnings": list(warnings), **population,
            "strata": strata, "history": []}
