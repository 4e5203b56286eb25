"""What must hold after the loop. Pure: everything seen comes in, (what, whether it holds, figures) go out."""

STEPS = ("window", "train", "profile", "validate", "publish", "compare")
PROMOTED = {"admit": "success", **dict.fromkeys(STEPS, "success"), "choose": "success", "promote": "success",
            "withdraw": "skipped", "undo_promotion": "skipped", "outcome": "success"}
# Nobody is to miss that the model drifted and was not replaced: the run of a candidate that was withdrawn has failed.
WITHDRAWN = {**PROMOTED, "promote": "skipped", "withdraw": "success", "outcome": "failed"}


def event_seen(drifts, payloads):
    """drifts: those of the population that the topic holds; payloads: what started the run. Between partitions there is
    no order: it may be any of them."""
    started = [payload["payload"] for payload in payloads if payload.get("payload") in drifts]
    detail = f"{len(drifts)} drift events in the topic, and none of them started it" if not started else \
        f"{started[0]['model_name']} version {started[0]['model_version']}, {started[0].get('feature', 'the model')} by " \
        f"{started[0].get('drift_type', 'its features')} at {started[0]['time']}"
    return "a drift event of the topic started the run", bool(started), detail


def passed_over(log):
    """log: the triggerer's. Two messages were put on the topic that are no events."""
    missing = [words for words in ("is not a drift event", "cannot be read") if words not in log]
    return ("messages that are no drift events were passed over, and named in the triggerer's log", not missing,
            f"not named: {missing}" if missing else "one of another type, one that cannot be read")


def one_run(runs, admitted, events):
    """runs: ids of those that the topic's events started; admitted: of them, those that were not skipped."""
    return ("however many drift events, one retraining", len(admitted) == 1,
            f"{events} drift events, {len(runs)} run(s), {len(admitted)} of them admitted")


def tasks(name, states, expected):
    """states: {task: (state, tries)}."""
    found = {task: state for task, (state, _) in states.items()}
    wrong = {task: f"{found.get(task)} instead of {state}" for task, state in expected.items()
             if found.get(task) != state}
    again = {task: tries for task, (_, tries) in states.items() if tries and tries > 1}
    detail = ", ".join(f"{task} {why}" for task, why in wrong.items()) or \
        ", ".join(f"{task} {found[task]}" for task in expected)
    return f"{name}: every task ended as it should", not wrong, detail + (f"; tried again: {again}" if again else "")


def logged(name, logs):
    """logs: {task: text}."""
    silent = [task for task, text in logs.items() if f" {task} --run " not in text]
    return (f"{name}: each step is in its task's log", bool(logs) and not silent,
            f"{len(logs)} steps" + (f", not: {', '.join(silent)}" if silent else ""))


def compared(name, verdict, expected):
    """verdict: the run's verdict.json. Both versions had traffic and labels when it was found."""
    canary, serving = verdict["canary"], verdict["serving"]
    ok = verdict["verdict"] == expected and min(canary["answered"], serving["answered"]) > 0 \
        and min(canary["labels"], serving["labels"]) > 0
    figures = "; ".join(
        f"version {one['version']}: {one['answered']:.0f} requests, {one['labels']:.0f} labels, error "
        + (f"{one['error']:.4f}" if one["error"] is not None else "not known") for one in (canary, serving))
    return (f"{name}: both versions had traffic and labels, and the verdict is {expected}", ok,
            f"{verdict['verdict']}; {figures}")


def validated(validation):
    """validation: the run's validate.json."""
    ok = validation["candidate_auc"] >= validation["serving_auc"] - validation["tolerance"]
    return ("the candidate's AUC on the newest days is no worse than that of the version that serves", ok,
            f"{validation['candidate_auc']:.4f} against {validation['serving_auc']:.4f} on {validation['rows']} flights, "
            f"at most {validation['tolerance']:g} less")


def serves(version, versions, answers):
    """versions: those that the server serves at the end; answers: {version: how many of the last requests are its}."""
    return (f"version {version} answers everything at the end", versions == [version] and set(answers) == {version},
            f"served: {versions}; of the last requests: "
            + ", ".join(f"{count} by version {one}" for one, count in sorted(answers.items())))


def answered(results):
    """results: of each July."""
    failed = sum(result["failed"] for result in results)
    got, sent = (sum(result[key] for result in results) for key in ("answered", "rows_sent"))
    errors = [error for result in results for error in result["errors"]]
    return ("no request failed in the whole replay", bool(results) and failed == 0 and got == sent,
            "; ".join([f"{got} of {sent} answered in {len(results)} times July, {failed} failed", *errors[:3]]))


def labels_accepted(results):
    reported, accepted = (sum(result["labels"][key] for result in results) for key in ("reported", "accepted"))
    return ("every label was accepted, whichever version had answered", reported == accepted > 0,
            f"{accepted} of {reported}")


def bridged(counts, run_id):
    """counts: {(outcome, reason): webhooks} of the bridge; run_id: the run that the alert started, None without one."""
    ok = run_id is not None and counts.get(("triggered", ""), 0) == 1 \
        and not any(count for (outcome, _), count in counts.items() if outcome in ("failed", "refused"))
    return ("Alertmanager's alert started one run by the bridge", ok,
            f"{run_id}; webhooks: "
            + ", ".join(f"{outcome}{f' ({reason})' if reason else ''} {count:.0f}"
                        for (outcome, reason), count in sorted(counts.items())))
