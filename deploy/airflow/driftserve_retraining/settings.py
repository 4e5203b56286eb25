"""The settings of the DAG drift_retraining: one JSON file, named by DRIFTSERVE_RETRAINING.

Read when the DAG is parsed, because the watcher needs some. Relative paths are relative to the file's folder.
"""

import dataclasses
import json
import os

VARIABLE = "DRIFTSERVE_RETRAINING"
PATHS = ("retrain", "runs", "data", "repository", "python", "torch_python")
STEPS = ("window", "train", "profile", "validate", "publish", "compare", "promote", "withdraw")
# What a run's conf may set differently from the file.
CONF = ("data", "until", "days", "force", "alert")


class SettingsError(ValueError):
    """Names the file or conf, the key, what was expected and what was there."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Every key of the file. Those without a default have to be there."""

    retrain: str  # deploy/retraining/retrain.py
    runs: str  # folder in which each run gets a folder
    data: str  # labelled rows, as retrain.py reads them
    repository: str  # the server's model repository
    server: str  # its gRPC address, host:port
    metrics: str  # its metrics, http://host:port/metrics
    python: str  # runs every step but train
    torch_python: str  # runs train: has the whole of torch
    model: str = "flight_delay"
    until: str = ""  # the window's end, YYYY-MM-DD; empty: today
    days: int = 60
    holdout_days: int = 7
    share: float = 0.2  # of the requests, to the canary
    options: dict = dataclasses.field(default_factory=dict)  # step → further words of its command
    topic: str = "driftserve.events"
    kafka_connection: str = "driftserve_kafka"  # Airflow's connection
    burst_seconds: int = 600
    cooldown_seconds: int = 86400
    retries: int = 3  # of a step that exits with 75
    retry_delay_seconds: int = 60
    step_timeout_seconds: int = 7200
    compare_every_seconds: int = 60
    compare_timeout_seconds: int = 172800


def load(path=None):
    """The settings in `path`, or in the file that DRIFTSERVE_RETRAINING names."""
    path = path or os.environ.get(VARIABLE)
    if not path:
        raise SettingsError(f"environment variable {VARIABLE}: expected the path of a JSON file, got nothing")
    try:
        with open(path) as file:
            values = json.load(file)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror} (set {VARIABLE})") from None
    except ValueError as error:
        raise SettingsError(f"{path}: expected JSON: {error}") from None
    return parse(values, path)


def parse(values, path):
    """Settings from the object in the file `path`."""
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: expected a JSON object, got {type(values).__name__}")
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    for name in values:
        if name not in fields:
            raise SettingsError(f"{path}: unknown key {name}; there are {', '.join(fields)}")
    for name, field in fields.items():
        if name not in values and field.default is field.default_factory is dataclasses.MISSING:
            raise SettingsError(f"{path}: key {name} is missing")
    read = {name: _checked(f"{path}: key {name}", fields[name].type, value) for name, value in values.items()}
    _check_options(f"{path}: key options", read.get("options", {}))
    base = os.path.dirname(os.path.abspath(path))
    for name in PATHS:
        # abspath and not realpath: a virtual environment's python is a link, and has to be started by it.
        read[name] = os.path.abspath(os.path.join(base, read[name]))
    if not 0 < read.get("share", 0.2) < 1:
        raise SettingsError(f"{path}: key share: expected a number between 0 and 1, got {read['share']}")
    return Settings(**read)


def with_conf(settings, conf):
    """`settings` with what the conf of a run sets; force and alert are the DAG's own."""
    conf = conf or {}
    for name in conf:
        if name not in CONF:
            raise SettingsError(f"the run's conf: unknown key {name}; there are {', '.join(CONF)}")
    types = {field.name: field.type for field in dataclasses.fields(Settings)}
    changes = {name: _checked(f"the run's conf: key {name}", types[name], conf[name]) for name in conf if name in types}
    if not isinstance(conf.get("force", False), bool):
        raise SettingsError(f"the run's conf: key force: expected true or false, got {conf['force']!r}")
    return dataclasses.replace(settings, **changes)


def _check_options(place, options):
    for step, words in options.items():
        if step not in STEPS:
            raise SettingsError(f"{place}: unknown step {step}; there are {', '.join(STEPS)}")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise SettingsError(f"{place}.{step}: expected a list of texts, got {words!r}")


def _checked(place, kind, value):
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        names = {str: "text", int: "a whole number", float: "a number", dict: "an object"}
        raise SettingsError(f"{place}: expected {names[kind]}, got {value!r}")
    if kind in (int, float) and not 0 <= value < float("inf"):
        raise SettingsError(f"{place}: expected a number from 0, got {value}")
    return value
