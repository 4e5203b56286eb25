"""Reads every record of the samples topic, partition by partition, and counts: the demo's second opinion.

Knows nothing of the server but the topic's format (proto/driftserve/v1/record.proto).
"""

import collections
import dataclasses
import os
import subprocess
import time

import confluent_kafka
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from services import ROOT, ServiceError

TOPIC = "driftserve.samples"


@dataclasses.dataclass
class Recount:
    """What lies in the topic. `repeated` and `lost` are 0 when each record of each boot is there exactly once."""

    records: int = 0
    repeated: int = 0  # same {boot_id, seq}, or same {boot_id, request_sequence, row}
    lost: int = 0  # numbers left out between 1 and the highest seq of a boot
    boots: int = 0
    by_stratum: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    # (Unix seconds, stratum) of every record, for tables by time.
    times: list = dataclasses.field(default_factory=list)
    # stratum -> set of inclusion probabilities that its records state
    probabilities: dict = dataclasses.field(default_factory=dict)


def record_class(directory):
    """The class of driftserve.v1.Record, from the .proto file by protoc."""
    path = os.path.join(directory, "record.desc")
    subprocess.run(["protoc", f"-I{ROOT}/proto", "--include_imports", f"--descriptor_set_out={path}",
                    "driftserve/v1/record.proto"], check=True, timeout=30)
    pool = descriptor_pool.DescriptorPool()
    with open(path, "rb") as file:
        for description in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.Add(description)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("driftserve.v1.Record"))


def recount(bootstrap, directory, topic=TOPIC, seconds=60):
    """Counts what lies in `topic` now. Raises ServiceError when it cannot be read to its end in `seconds`."""
    make = record_class(directory).FromString
    deadline = time.monotonic() + seconds
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": bootstrap, "group.id": "driftserve-recount", "enable.auto.commit": False,
        "enable.partition.eof": True, "auto.offset.reset": "earliest"})
    try:
        description = consumer.list_topics(topic, timeout=10).topics[topic]
        if description.error is not None:
            raise ServiceError(f"topic {topic} at {bootstrap}: {description.error}")
        open_partitions = set(description.partitions)
        consumer.assign([confluent_kafka.TopicPartition(topic, partition, confluent_kafka.OFFSET_BEGINNING)
                         for partition in open_partitions])
        return _count(consumer, open_partitions, make, deadline)
    finally:
        consumer.close()


def _count(consumer, open_partitions, make, deadline):
    counted = Recount()
    seen = collections.defaultdict(set)  # boot -> seq
    rows = set()
    while open_partitions:
        if time.monotonic() > deadline:
            raise ServiceError(f"partitions {sorted(open_partitions)} were not read to their end in time")
        for message in consumer.consume(1000, timeout=0.5):
            if message.error() is not None:
                if message.error().code() != confluent_kafka.KafkaError._PARTITION_EOF:
                    raise ServiceError(f"reading partition {message.partition()}: {message.error()}")
                open_partitions.discard(message.partition())
                continue
            _add(counted, make(message.value()), seen, rows)
    counted.boots = len(seen)
    counted.lost = sum(max(numbers) - len(numbers) for numbers in seen.values())
    return counted


def _add(counted, record, seen, rows):
    row = (record.boot_id, record.request_sequence, record.row)
    counted.records += 1
    counted.repeated += record.seq in seen[record.boot_id] or row in rows
    seen[record.boot_id].add(record.seq)
    rows.add(row)
    counted.by_stratum[record.stratum] += 1
    counted.times.append((record.time.seconds + record.time.nanos * 1e-9, record.stratum))
    counted.probabilities.setdefault(record.stratum, set()).add(record.inclusion_probability)
