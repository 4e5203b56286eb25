"""Whether a retraining may start so soon after the last one."""

import json


def admit(last, run_id, now, cooldown_seconds, force=False):
    """(whether the run may go on, why, what to remember).

    `last`: what the run before was told to remember, None at first. `now`: Unix seconds. A run that was admitted is
    admitted again, so that its task may be cleared. What cannot be read counts as no run before: a retraining too many
    is cheaper than none ever again.
    """
    remember = json.dumps({"run_id": run_id, "admitted_at": now})
    try:
        before = json.loads(last) if last else None
        before_id, before_at = (before["run_id"], float(before["admitted_at"])) if before else (None, None)
    except (ValueError, KeyError, TypeError):
        return True, f"what is remembered of the run before cannot be read: {last!r}", remember
    if before is None:
        return True, "no retraining before this one", remember
    if before_id == run_id:
        return True, "admitted before", last
    age = now - before_at
    if force:
        return True, f"forced, {age:.0f} s after {before_id}", remember
    if age < cooldown_seconds:
        return False, f"{before_id} began {age:.0f} s ago, and {cooldown_seconds} s must lie between two", last
    return True, f"{before_id} began {age:.0f} s ago", remember
