"""Step `compare`: looks at both versions until there is a verdict."""

import dataclasses
import time

import decision
import version_metrics
from faults import BadInput, Refused
from server import scrape


def _shown(figures):
    """Figures with keys that JSON takes."""
    values = dataclasses.asdict(figures)
    for name in ("drift", "alert"):
        values[name] = {" ".join(key): value for key, value in values[name].items()}
    return {**values, "answered": figures.answered, "failed": figures.failed}


def _look(folder, server, metrics, plan, limits):
    text = scrape(metrics, server.retries)
    canary, serving = (version_metrics.figures(text, server.model, plan[name]) for name in ("version", "serving"))
    canary.ready = canary.ready and server.ready(canary.version)
    verdict, checks = decision.decide(canary, serving, limits)
    told = {decision.PROMOTE: decision.PASS, decision.WITHDRAW: decision.FAIL}.get(verdict, decision.WAIT)
    return folder.write_result({
        "verdict": verdict, "reasons": [f"{check.name}: {check.reason}" for check in checks if check.outcome == told],
        "checks": [dataclasses.asdict(check) for check in checks], "canary": _shown(canary), "serving": _shown(serving),
        "limits": dataclasses.asdict(limits), "retries": server.retries.count}, "verdict.json")


def compare(folder, server, metrics, limits, seconds, every, clock=time.monotonic, sleep=time.sleep):
    """Writes verdict.json at each look. Returns on `promote`; Refused on `withdraw`; BadInput where it is `wait` still
    after `seconds`."""
    plan = folder.result("publish.json")
    if not plan or plan["state"] != "published":
        raise BadInput(f"{folder.path}: expected a version that the step `publish` has published, got none; run it "
                       "with this --run")
    end = clock() + seconds
    said = None
    while True:
        found = _look(folder, server, metrics, plan, limits)
        line = f"{found['verdict']}: " + "; ".join(found["reasons"])
        if found["verdict"] != said:
            folder.log(line)
            said = found["verdict"]
        if found["verdict"] == decision.PROMOTE:
            return found
        if found["verdict"] == decision.WITHDRAW:
            raise Refused(f"version {plan['version']} has to be withdrawn: {'; '.join(found['reasons'])}")
        if clock() >= end:
            looked = f"after {seconds:g} s (--timeout)" if seconds else "by one look (--once)"
            raise BadInput(f"no verdict on version {plan['version']} {looked}: {'; '.join(found['reasons'])}")
        sleep(every)
