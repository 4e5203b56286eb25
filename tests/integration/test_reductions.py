"""A model of images, watched through reductions: what moves is found, what does not is left alone, and the server's
numbers have the bits of `drift profile`."""

import subprocess

import numpy
import pyarrow
import pyarrow.parquet
import pytest

from support import kafka, protocol, repository, server

SIDE = 16
BATCH = 50
MONITOR = {
    "features": [
        {"name": "brightness", "input": "image", "reduce": "mean"},
        {"name": "contrast", "input": "image", "reduce": "std"},
        {"name": "darkest", "input": "image", "reduce": "min"},
        {"name": "norm", "input": "image", "reduce": "l2_norm"},
        {"name": "pattern", "input": "image", "reduce": {"projections": 3, "seed": 5}},
    ],
    "predictions": [
        {"name": "doubt", "output": "logits", "reduce": "entropy"},
        {"name": "best", "output": "logits", "reduce": "argmax"},
    ],
    "sampling": {"default_rate": 1.0},
    "window": {"length": "60s", "panes": 60, "evaluate_every": "500ms"},
    "decision": {"observation_period": "1s"},
}
NAMES = ["brightness", "contrast", "darkest", "norm", "pattern_0", "pattern_1", "pattern_2", "doubt", "best"]


def images(rows, seed):
    """[rows, 1, SIDE, SIDE] of double: a bright spot on a ramp in a random direction, brighter and darker ones, and
    noise."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.meshgrid(*[numpy.linspace(-1, 1, SIDE)] * 2, indexing="ij")
    ranges = ((0, 6.28), (0.4, 0.6), (0.05, 0.1))
    angle, level, slope = (random.uniform(low, high, (rows, 1, 1)) for low, high in ranges)
    spot_x, spot_y = random.uniform(-0.7, 0.7, (2, rows, 1, 1))
    spot = 0.2 * numpy.exp(-8 * ((x - spot_x) ** 2 + (y - spot_y) ** 2))
    ramp = slope * (x * numpy.cos(angle) + y * numpy.sin(angle))
    return (level + ramp + spot + random.normal(0, 0.12, (rows, SIDE, SIDE)))[:, None]


def brighter(pixels):
    return pixels + 0.15


def blurred(pixels):
    """The mean over 3 × 3, the border repeated."""
    padded = numpy.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    return sum(padded[:, :, i:i + SIDE, j:j + SIDE] for i in range(3) for j in range(3)) / 9


def infer(served, pixels):
    """Sends the images in order and returns their logits, [rows, 4] of FP32."""
    logits = []
    with served.channel() as channel:
        for start in range(0, len(pixels), BATCH):
            batch = pixels[start:start + BATCH].astype("<f4")
            reply = protocol.inference(channel).ModelInfer(
                protocol.infer_request("images", [("image", "FP32", list(batch.shape), batch.tobytes())]))
            logits.append(numpy.frombuffer(reply.raw_output_contents[0], "<f4").reshape(len(batch), 4))
    return numpy.concatenate(logits)


def profile(model, data):
    done = subprocess.run([server.program("drift"), "profile", "--monitor", model / "monitor.yaml", "--data", data,
                           "--out", model / "1" / "reference.pb", "--created", "1"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return (model / "1" / "reference.pb").read_bytes()


def write_rows(path, pixels, logits):
    """Images as the training pipeline has them: double, nested lists, not rounded to what is served."""
    pyarrow.parquet.write_table(pyarrow.table({"image": pixels.tolist(), "logits": logits.tolist()}), path)


@pytest.fixture(scope="module")
def watched(start, tmp_path_factory):
    """A model repository with the image model, its monitor.yaml and a profile of 3000 images and their answers."""
    folder = tmp_path_factory.mktemp("images")
    plain = start({"images": {}})
    pixels = images(3000, seed=1)
    models = repository.make(folder / "models", {"images": {}})
    write_rows(folder / "train.parquet", pixels, infer(plain, pixels))
    repository.write_monitor(models / "images", MONITOR)
    profile(models / "images", folder / "train.parquet")
    return models


def states(served):
    """{(name, drift_type): state} of every feature and prediction that has one."""
    found = served.metrics().select("model_feature_drift_state", model_name="images")
    return {(labels["feature"], labels["drift_type"]): labels["state"] for labels, value in found if value == 1}


def settled(served, done):
    """The states once `done` holds of them, and again after two more seconds of evaluations."""
    def evaluated():
        return served.metrics().sum("model_drift_last_evaluation_timestamp_seconds", model_name="images")

    server.wait_until("the states", lambda: done(states(served)), seconds=60)
    since = evaluated()
    server.wait_until("more evaluations", lambda: evaluated() > since + 2, seconds=30)
    return states(served)


def drifted(found):
    return {name for (name, _), state in found.items() if state == "drifted"}


def test_unchanged_images_are_left_alone(start, watched):
    served = start(watched)
    infer(served, images(1500, seed=2))
    found = settled(served, lambda found: len(found) >= len(NAMES) and set(found.values()) <= {"stable"})
    assert {name for name, _ in found} >= set(NAMES[:7])
    assert set(found.values()) == {"stable"}
    missing = served.metrics().select("model_feature_missing_ratio", model_name="images")
    assert missing and all(value == 0 for _, value in missing)


def test_brighter_images_are_found_by_their_mean(start, watched):
    served = start(watched)
    infer(served, brighter(images(1500, seed=3)))
    found = settled(served, lambda found: {"brightness", "norm"} <= drifted(found))
    assert "contrast" not in drifted(found)


def test_blurred_images_are_found_by_their_deviation(start, watched):
    served = start(watched)
    infer(served, blurred(images(1500, seed=4)))
    found = settled(served, lambda found: {"contrast", "darkest"} <= drifted(found))
    assert "brightness" not in drifted(found)


def test_records_hold_reductions_with_the_bits_of_the_profile(start, watched, broker, tmp_path):
    """400 rows have a cell for every value, so that two profiles are equal only where each value is."""
    served = start(watched, {"kafka": {"brokers": broker.bootstrap, "topic": "images"}})
    pixels = images(400, seed=6)
    logits = infer(served, pixels)
    server.wait_until("400 records", lambda: served.metrics().records()["acknowledged"] == 400, seconds=60)
    records = kafka.records(broker.bootstrap, "images")
    records.sort(key=lambda record: (record.request_sequence, record.row))
    assert [field.name for field in (*records[0].features, *records[0].outputs)] == NAMES
    assert all(record.ByteSize() < SIDE * SIDE * 4 / 2 for record in records)  # half of what an image has
    values = {name: [] for name in NAMES}
    for record in records:
        for field in (*record.features, *record.outputs):
            values[field.name].append(getattr(field, field.WhichOneof("kind")))
    served_pixels = pixels.astype("f4").astype("f8").reshape(400, -1)
    for name, expected in (("brightness", served_pixels.mean(axis=1)), ("contrast", served_pixels.std(axis=1)),
                           ("norm", numpy.sqrt((served_pixels ** 2).sum(axis=1))), ("best", logits.argmax(axis=1))):
        numpy.testing.assert_allclose(values[name], expected, rtol=1e-12)

    model = repository.make(tmp_path / "models", {"images": {}}) / "images"
    repository.write_monitor(model, MONITOR)
    write_rows(tmp_path / "rows.parquet", pixels, logits)
    pyarrow.parquet.write_table(pyarrow.table(values), tmp_path / "records.parquet")
    assert profile(model, tmp_path / "rows.parquet") == profile(model, tmp_path / "records.parquet")
