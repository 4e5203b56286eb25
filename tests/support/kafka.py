"""An independent consumer: reads a topic from its beginning to its end and counts again."""

import collections

import confluent_kafka

from support import protocol

TOPIC = "driftserve.samples"


def consume(bootstrap, topic=TOPIC):
    """Every message of the topic up to its present end: (key, headers as a dictionary, value)."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": "recount", "enable.auto.commit": False})
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        found = []
        for number in partitions:
            place = confluent_kafka.TopicPartition(topic, number)
            low, high = consumer.get_watermark_offsets(place, timeout=30)
            place.offset = low
            consumer.assign([place])
            position = low
            while position < high:
                batch = consumer.consume(min(10_000, high - position), timeout=30)
                if not batch:
                    raise TimeoutError(f"{topic}[{number}]: nothing came at offset {position} of {high}")
                for message in batch:
                    if message.error():
                        raise confluent_kafka.KafkaException(message.error())
                    position = message.offset() + 1
                    found.append((message.key(), dict(message.headers() or ()), message.value()))
        return found
    finally:
        consumer.close()


def records(bootstrap, topic=TOPIC):
    """The Record messages of a topic."""
    parse = protocol.message("driftserve.v1.Record").FromString
    return [parse(value) for _, _, value in consume(bootstrap, topic)]


def assert_each_once(found):
    """{boot_id, seq}: every number of every boot from 1 on, each once."""
    by_boot = collections.defaultdict(list)
    for record in found:
        by_boot[record.boot_id].append(record.seq)
    for boot, numbers in by_boot.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"boot {boot}: numbers are missing or doubled"
