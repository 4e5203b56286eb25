"""Steps `publish`, `promote`, `withdraw`: the candidate enters the repository as a canary, and becomes what serves or
leaves again."""

import os
import re

import config_text
import versions
from faults import BadInput, Refused


def _parsed(model, edit):
    try:
        return edit(versions.read_config(model))
    except config_text.ConfigFault as fault:
        raise BadInput(f"{model}/config.pbtxt:{fault}") from fault


def _plan(folder, model, share):
    """What will be done, written down before it is: the same in every further run of the step."""
    plan = folder.result("publish.json")
    if plan:
        return plan
    for name in versions.FILES:
        if not os.path.isfile(folder.file("candidate", name)):
            raise BadInput(f"{folder.file('candidate', name)}: expected the candidate that the steps `train` and "
                           "`profile` write, got no file; run them with this --run")
    policy = _parsed(model, config_text.version_policy) or ""
    if "specific" in policy:
        raise BadInput(f"{model}/config.pbtxt: expected a version_policy that follows new versions (latest or all), "
                       f"got {policy}")
    under_way = _parsed(model, config_text.canary_share)
    if under_way < 1:
        raise BadInput(f"{model}/config.pbtxt: a canary with CANARY_SHARE {under_way:g} is under way; promote or "
                       "withdraw it, with the --run that published it")
    serving = versions.serving(model)
    before = versions.read_config(model)
    return folder.write_result({
        "state": "planned", "version": versions.next_number(model), "serving": serving, "share": share,
        "config_before": before, "config_pinned": config_text.pinned(before, serving),
        "config_canary": config_text.with_canary(before, share)}, "publish.json")


def _ended(folder):
    """Whether nothing is left to publish, as a run has one version. Refused where the server refused it."""
    if folder.result("promote.json"):
        folder.log("nothing to do: the version of this run was promoted")
        return True
    plan = folder.result("publish.json") or {}
    if plan.get("state") == "refused":
        raise Refused(f"version {plan['version']} of this run was refused before: {plan['reason']}")
    if folder.result("withdraw.json"):
        raise BadInput(f"{folder.path}: the version of this run was withdrawn; begin another run")
    return False


def publish(folder, model, server, share, ready_seconds):
    """Version N+1 answers `share` of the requests. Refused where the server does not serve it: all is as it was."""
    if not 0 < share < 1:
        raise BadInput(f"--share: expected a number above 0 and below 1, got {share:g}")
    if _ended(folder):
        return
    server.check()
    plan = _plan(folder, model, share)
    version = plan["version"]
    if version not in versions.found(model) or versions.read_config(model) != plan["config_canary"]:
        versions.write_config(model, plan["config_pinned"])
        versions.put(model, version, folder.file("candidate"))
        versions.write_config(model, plan["config_canary"])
    folder.log(f"{model}/{version} is in place, beside version {plan['serving']}; share {plan['share']:g}")
    try:
        server.load()
        server.wait(f"version {version} to be ready", lambda: server.ready(version), version, ready_seconds)
    except (Refused, BadInput) as fault:
        folder.write_result({**plan, "state": "refused", "reason": str(fault)}, "publish.json")
        _take_back(folder, model, server, plan, ready_seconds)
        raise type(fault)(f"{fault}; version {version} was taken out, version {plan['serving']} serves") from fault
    folder.write_result({**plan, "state": "published", "retries": server.retries.count}, "publish.json")
    folder.log(f"version {version} answers {plan['share']:g} of the requests, version {plan['serving']} the others")


def _settled(folder, model, plan):
    """config.pbtxt without the canary: as it was before; edited where somebody else has changed it since."""
    text = versions.read_config(model)
    if text in (plan["config_before"], plan["config_pinned"], plan["config_canary"]):
        return plan["config_before"]
    folder.log(f"{model}/config.pbtxt was changed since `publish`: the rest of it stays")
    before = config_text.version_policy(plan["config_before"]) or "{ latest { num_versions: 1 } }"
    policy = re.sub(r"^\{ | \}$", "", before)
    return _parsed(model, lambda changed: config_text.with_policy(config_text.without_canary(changed), policy))


def _take_back(folder, model, server, plan, ready_seconds):
    """The version leaves the repository, and the server serves what it did; whether it was there."""
    after = _settled(folder, model, plan)
    if os.path.isdir(os.path.join(model, str(plan["version"]))):
        versions.write_config(model, config_text.pinned(after, plan["serving"]))
    moved = versions.take_out(model, plan["version"], folder.file("withdrawn", ""))
    versions.write_config(model, after)
    folder.write_result({"version": plan["version"], "serving": plan["serving"]}, "withdraw.json")
    server.load()
    server.wait(f"version {plan['version']} to be gone", lambda: plan["version"] not in server.versions()
                and server.ready(plan["serving"]), plan["serving"], ready_seconds)
    return moved


def withdraw(folder, model, server, ready_seconds):
    """The version of this run is taken out of the repository; harmless where it is out, or never was in."""
    plan = folder.result("publish.json")
    if not plan:
        folder.log("nothing to do: this run has published nothing")
        return
    moved = _take_back(folder, model, server, plan, ready_seconds)
    what = f"was moved to {folder.file('withdrawn', '')}" if moved else "was out already"
    folder.log(f"version {plan['version']} {what}; version {plan['serving']} serves everything")


def promote(folder, model, server, ready_seconds):
    """The version of this run answers everything; the one before stays in the repository."""
    plan = folder.result("publish.json")
    if not plan or folder.result("withdraw.json"):
        raise BadInput(f"{folder.path}: expected a version published and not withdrawn, got "
                       f"{'one withdrawn' if plan else 'none'}; run the step `publish` with this --run")
    version = plan["version"]
    if version not in versions.found(model):
        raise BadInput(f"{model}/{version}: expected the version that was published, got no folder")
    server.check()
    versions.write_config(model, _settled(folder, model, plan))
    server.load()
    beside = "all" in (config_text.version_policy(plan["config_before"]) or "")
    server.wait(f"version {version} alone to answer", lambda: server.ready(version)
                and (beside or server.versions() == [version]), version, ready_seconds)
    folder.write_result({"version": version, "before": plan["serving"], "retries": server.retries.count},
                        "promote.json")
    folder.log(f"version {version} answers every request; version {plan['serving']} stays in the repository")


