"""The events topic as a reader of its own sees it, beside Airflow."""

import json

import confluent_kafka


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
            if message.error() is None:
                event = json.loads(message.value())
                if event["to_state"] == "drifted" and not event.get("stratum"):
                    self.drifts.append(event)
        return self.drifts[0] if self.drifts else None

    def close(self):
        self._consumer.close()
