"""The steps of a retraining as command lines of deploy/retraining/retrain.py, and what their exit codes mean."""

import datetime
import hashlib
import json
import os
import re
import subprocess

DONE, AGAINST, BAD_INPUT, UNREACHABLE = 0, 1, 2, 75
PROMOTE, WITHDRAW, WAIT = "promote", "withdraw", "wait"
VERDICT = "verdict.json"


class StepFailed(RuntimeError):
    """A step that ended with another exit code than 0. `again`: whether it may succeed when it is tried again."""

    def __init__(self, step, code):
        meanings = {AGAINST: "a judgement against the candidate", BAD_INPUT: "bad input",
                    UNREACHABLE: "something could not be reached"}
        super().__init__(f"step {step} exited with {code}: {meanings.get(code, 'it crashed')}")
        self.again = code == UNREACHABLE


def run_folder(settings, run_id):
    """Where the run keeps its files: the run's id without what a file name should not hold, and never another's."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", run_id)
    if name != run_id:
        name += "-" + hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return os.path.join(settings.runs, name)


def command(step, settings, folder, today=None):
    """The words of a step's command. `today`: the window's end where the settings have none."""
    server = ["--server", settings.server, "--model", settings.model]
    repository = ["--repository", settings.repository]
    words = {
        "window": ["--data", settings.data, "--until", settings.until or (today or datetime.date.today()).isoformat(),
                   "--days", str(settings.days), "--holdout-days", str(settings.holdout_days)],
        "train": [],
        "profile": [],
        "validate": repository,
        "publish": [*repository, *server, "--share", str(settings.share)],
        "compare": [*server, "--metrics", settings.metrics, "--once"],
        "promote": [*repository, *server],
        "withdraw": [*repository, *server],
    }[step]
    python = settings.torch_python if step == "train" else settings.python
    return [python, settings.retrain, step, "--run", folder, *words, *settings.options.get(step, ())]


def run(words, say):
    """Runs a step to its end; `say` gets each line that it prints. StepFailed where it does not exit with 0."""
    code = _exit_code(words, say)
    if code != DONE:
        raise StepFailed(words[2], code)


def look(words, folder, say):
    """Runs `compare` and returns its verdict. A judgement against the canary, and none as yet, are verdicts; StepFailed
    where it came to none."""
    try:
        os.unlink(os.path.join(folder, VERDICT))
    except FileNotFoundError:
        pass
    code = _exit_code(words, say)
    if code not in (DONE, AGAINST, BAD_INPUT) or not os.path.exists(os.path.join(folder, VERDICT)):
        raise StepFailed(words[2], code)
    return verdict(folder)


def _exit_code(words, say):
    # The step is ended when its caller is, by an exception from outside: Airflow's time-out, or a task that is stopped.
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
    try:
        for line in process.stdout:
            say(line.rstrip("\n"))
        return process.wait()
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def verdict(folder):
    """What the last comparison found: promote, withdraw or wait."""
    path = os.path.join(folder, VERDICT)
    with open(path) as file:
        found = json.load(file).get("verdict")
    if found not in (PROMOTE, WITHDRAW, WAIT):
        raise ValueError(f"{path}: verdict: expected {PROMOTE}, {WITHDRAW} or {WAIT}, got {found!r}")
    return found


def sensor_mode(seconds):
    """How Airflow waits between two looks that far apart: a task that is begun anew so soon can meet the message of its
    own last end in the scheduler, and fail by it."""
    return "reschedule" if seconds >= 60 else "poke"


def choose(published, compared, found):
    """The next step after the comparison: promote, withdraw, or None where nothing was published.

    `published`, `compared`: the states in which those tasks ended. `found`: the verdict, None without one. Whatever
    failed once a version may lie in the repository, it is withdrawn.
    """
    if published not in ("success", "failed"):
        return None
    if published == "success" and compared == "success" and found == PROMOTE:
        return PROMOTE
    return WITHDRAW
