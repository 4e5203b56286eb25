"""`drift watch` as a child process: one member of a group."""

import json

from support import server
from support.server import Metrics, free_port, http_get


class WatchMember(server.Service):
    """A member that watches `topic` with the models of `repository`. A killed member's partitions are taken over after
    six seconds."""

    def __init__(self, directory, bootstrap, topic, repository, group="watchers", flags=()):
        self.port = free_port()
        self.operations = f"http://127.0.0.1:{self.port}"
        command = [server.program("drift"), "watch", "--brokers", bootstrap, "--topic", topic, "--model-repository",
                   repository, "--group", group, "--metrics-address", f"127.0.0.1:{self.port}",
                   "--kafka-config", "session.timeout.ms=6000", "--kafka-config", "heartbeat.interval.ms=500",
                   "--kafka-config", "topic.metadata.refresh.interval.ms=1000", *flags]
        super().__init__("drift-watch", command, directory, self.ready_now, seconds=90)

    def ready_now(self):
        return http_get(self.operations + "/readyz")[0] == 200

    def get(self, path):
        return http_get(self.operations + path, 10)

    def metrics(self):
        status, text = self.get("/metrics")
        assert status == 200, text
        return Metrics(text)

    def model(self):
        """The watched model in /drift, as JSON; nothing before the first evaluation."""
        models = json.loads(self.get("/drift")[1])["models"]
        return models[0] if models else None

    def window_rows(self):
        model = self.model()
        return model["rows_kept"] if model else 0

    def counted_rows(self):
        return self.metrics().sum("driftserve_watch_messages_total", outcome="row")

    def partitions(self):
        return self.metrics().sum("driftserve_watch_partitions")


def bins(members):
    """{feature, stratum, rule, bin: observations}, added over members or servers; those of 0 left out."""
    summed = {}
    for member in members:
        for labels, value in member.metrics().select("model_feature_bin_observations_total"):
            key = tuple(labels[name] for name in ("feature", "stratum", "rule", "bin"))
            summed[key] = summed.get(key, 0) + value
    return {key: value for key, value in summed.items() if value}
