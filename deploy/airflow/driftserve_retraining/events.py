"""Which messages of the events topic start a retraining.

`accept` is called by Airflow's triggerer with each message of the topic. A message is a driftserve.v1.DriftEvent as
JSON with CloudEvents headers; whatever else lies on the topic is passed over, counted and named in the log.
"""

import collections
import datetime
import json
import logging

EVENT_TYPE = b"driftserve.drift.v1"
DRIFTED = "drifted"

log = logging.getLogger(__name__)


class CorruptMessage(ValueError):
    """A message that says it is a drift event and cannot be read as one."""


def decode(message):
    """The fields of a drift event, or None for a message of another type. CorruptMessage says what is wrong with it."""
    if (b"ce_type", EVENT_TYPE) not in [(_bytes(name), _bytes(value)) for name, value in message.headers() or ()]:
        return None
    try:
        event = json.loads((message.value() or b"").decode())
    except (ValueError, RecursionError) as error:
        raise CorruptMessage(f"expected JSON: {error}") from None
    if not isinstance(event, dict):
        raise CorruptMessage(f"expected a JSON object, got {type(event).__name__}")
    for name in ("time", "model_name", "to_state"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise CorruptMessage(f"field {name}: expected text, got {event.get(name)!r}")
    seconds(event)
    return event


def seconds(event):
    """The event's time in Unix seconds."""
    try:
        time = datetime.datetime.fromisoformat(event["time"])
        if time.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got {event['time']}")
        return time.timestamp()
    except (ValueError, OverflowError) as error:
        raise CorruptMessage(f"field time: {error}") from None


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


class EventFilter:
    """Accepts the first event of a burst in which a model drifts. Not thread-safe: the triggerer calls it in turn.

    `model`: the model whose events count. `burst_seconds`: events of a time less than this after that of the last one
    accepted are of the same drift (ten features that drift at once start one retraining).
    `counts`: how many messages had which fate: accepted, foreign, corrupt, other_model, other_state, stratum, repeated.
    """

    def __init__(self, model, burst_seconds):
        self.model = model
        self.burst_seconds = burst_seconds
        self.counts = collections.Counter()
        self._quiet_until = float("-inf")

    def accept(self, message):
        """The event's fields when it is to start a retraining, else None. Never raises because of a message."""
        error = None
        try:
            event = decode(message)
            fate = self._judge(event)
        except CorruptMessage as fault:
            event, fate, error = None, "corrupt", fault
        self.counts[fate] += 1
        self._say(message, event, fate, error)
        return event if fate == "accepted" else None

    def _judge(self, event):
        if event is None:
            return "foreign"
        if event["model_name"] != self.model:
            return "other_model"
        if event["to_state"] != DRIFTED or event.get("from_state") == DRIFTED:
            return "other_state"
        # A stratum drifts before the population does, and often alone: people look at it, a retraining would not help.
        if event.get("stratum"):
            return "stratum"
        if seconds(event) < self._quiet_until:
            return "repeated"
        self._quiet_until = seconds(event) + self.burst_seconds
        return "accepted"

    def _say(self, message, event, fate, error):
        place = f"{message.topic()}/{message.partition()}/{message.offset()}"
        counts = f"messages so far: {dict(self.counts)}"
        if fate == "corrupt":
            log.warning("drift event at %s cannot be read: %s; %s", place, error, counts)
        elif fate == "foreign":
            log.warning("message at %s is not a drift event; %s", place, counts)
        elif fate in ("accepted", "repeated"):
            subject = event.get("feature") or event.get("drift_type") or "the model"
            log.info("drift event at %s: %s version %s, %s is drifted: %s; %s", place, self.model,
                     event.get("model_version"), subject, fate, counts)


# The triggerer makes a consumer for each event that it waits for and calls `accept` by its name: what is remembered
# from one event to the next is kept here.
_filters = {}


def accept(message, model, burst_seconds):
    """The function that the DAG's watcher names; see EventFilter."""
    key = (model, burst_seconds)
    if key not in _filters:
        _filters[key] = EventFilter(model, burst_seconds)
    return _filters[key].accept(message)
