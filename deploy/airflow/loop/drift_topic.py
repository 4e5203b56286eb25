"""The events topic as a reader of its own sees it, beside Airflow."""

import json

import confluent_kafka

TYPE = ("ce_type", b"driftserve.drift.v1")


def spoil(bootstrap, topic):
    """Puts two messages on the topic that are no events: one of another type, and one that cannot be read."""
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    producer.produce(topic, b"not an event")
    producer.produce(topic, b"{\xff", headers=[TYPE])
    producer.flush(10)


def _event(message):
    """The event in a message; {} where it is none."""
    if message.error() is not None or TYPE not in (message.headers() or ()):
        return {}
    try:
        return json.loads(message.value())
    except ValueError:
        return {}


class DriftTopic:
    """`drifts`: every event by which something of the whole population became drifted, in the order of arrival."""

    def __init__(self, bootstrap, topic):
        self.drifts = []
        self._consumer = confluent_kafka.Consumer({
            "bootstrap.servers": bootstrap, "group.id": "driftserve-loop", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "allow.auto.create.topics": True, "log_level": 0})
        self._consumer.subscribe([topic])

    def poll(self):
        """Takes what has come; returns the first drift, None as yet."""
        while (message := self._consumer.poll(0.05)) is not None:
            event = _event(message)
            if event.get("to_state") == "drifted" and not event.get("stratum"):
                self.drifts.append(event)
        return self.drifts[0] if self.drifts else None

    def close(self):
        self._consumer.close()
