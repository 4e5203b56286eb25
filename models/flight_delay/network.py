"""The network behind `flight_delay`: how it is trained, and the TorchScript module that is served.

Trained as embeddings and a perceptron (`Network`); served as `FlightDelay`, where everything before the first hidden
layer is folded: the embedding tables times their part of the first layer become one row per pair of carrier and
origin, and the standardisation becomes one multiply-add. A dozen small operations a batch are left.
"""

import random
from typing import Dict, List

import numpy as np
import torch
from torch import Tensor, nn

SEED = 20130630
EPOCHS = 8
BATCH = 2048
HIDDEN = (64, 32)
CARRIER_WIDTH, ORIGIN_WIDTH = 6, 3
CLAMP = 8.0  # standard deviations: no input, however wrong, can drive the answer to exactly 0 or 1


class Network(nn.Module):
    """features [n, 9] standardised with 0 for missing, missing [n, 9] as 0/1, codes [n] -> logits [n]."""

    def __init__(self, carriers: int, origins: int, numerics: int):
        super().__init__()
        self.carrier = nn.Embedding(carriers + 1, CARRIER_WIDTH)  # the last row is "any other"
        self.origin = nn.Embedding(origins + 1, ORIGIN_WIDTH)
        self.first = nn.Linear(CARRIER_WIDTH + ORIGIN_WIDTH + 2 * numerics, HIDDEN[0])
        self.second = nn.Linear(HIDDEN[0], HIDDEN[1])
        self.last = nn.Linear(HIDDEN[1], 1)

    def forward(self, z: Tensor, missing: Tensor, carrier: Tensor, origin: Tensor) -> Tensor:
        x = torch.cat([self.carrier(carrier), self.origin(origin), z, missing], 1)
        return self.last(torch.relu(self.second(torch.relu(self.first(x))))).squeeze(1)


class FlightDelay(nn.Module):
    """What is served: features FP32 [n, 9] (flights.NUMERIC; NaN and infinities count as missing), carrier and origin
    as n strings each (any other string than those of the training data has a row of its own) -> p_late FP32 [n, 1]."""

    carrier_codes: Dict[str, int]
    origin_codes: Dict[str, int]

    def __init__(self, network: Network, carriers: List[str], origins: List[str], mean: Tensor, scale: Tensor):
        super().__init__()
        self.origin_rows = len(origins) + 1
        self.unknown_carrier = len(carriers)
        self.unknown_origin = len(origins)
        self.carrier_codes = {name: code * self.origin_rows for code, name in enumerate(carriers)}
        self.origin_codes = {name: code for code, name in enumerate(origins)}
        weight = network.first.weight.detach()
        a, b = CARRIER_WIDTH, CARRIER_WIDTH + ORIGIN_WIDTH
        c = b + len(mean)
        by_carrier = network.carrier.weight.detach() @ weight[:, :a].T
        by_origin = network.origin.weight.detach() @ weight[:, a:b].T
        pairs = by_carrier[:, None, :] + by_origin[None, :, :] + network.first.bias.detach()
        self.register_buffer("pairs", pairs.reshape(-1, HIDDEN[0]).contiguous())
        self.register_buffer("shift", -mean * scale)
        self.register_buffer("scale", scale)
        self.register_buffer("by_value", weight[:, b:c].T.contiguous())
        self.register_buffer("by_missing", weight[:, c:].T.contiguous())
        self.register_buffer("w2", network.second.weight.detach().T.contiguous())
        self.register_buffer("b2", network.second.bias.detach().clone())
        self.register_buffer("w3", network.last.weight.detach().T.contiguous())
        self.register_buffer("b3", network.last.bias.detach().clone())
        self.limit = CLAMP

    def forward(self, features: Tensor, carrier: List[str], origin: List[str]) -> Tensor:
        rows: List[int] = []
        for i in range(len(carrier)):
            c = self.carrier_codes.get(carrier[i], self.unknown_carrier * self.origin_rows)
            rows.append(c + self.origin_codes.get(origin[i], self.unknown_origin))
        # Missing is 0 after standardisation, which is the training mean; the flags carry what missing itself tells.
        missing = torch.isnan(features - features)  # true for infinities too, in two operations instead of four
        z = torch.addcmul(self.shift, features, self.scale).clamp(-self.limit, self.limit).masked_fill(missing, 0.0)
        h = self.pairs.index_select(0, torch.tensor(rows, dtype=torch.long, device=self.pairs.device))
        h = torch.addmm(h, z, self.by_value)
        h = torch.addmm(h, missing.to(z.dtype), self.by_missing).relu()
        h = torch.addmm(self.b2, h, self.w2).relu()
        return torch.addmm(self.b3, h, self.w3).sigmoid()


class Encoder:
    """Codes and standardisation, fitted on the training rows; makes the network's tensors from flights."""

    def __init__(self, rows):
        self.carriers = sorted(set(rows.carrier.tolist()))
        self.origins = sorted(set(rows.origin.tolist()))
        self.mean = torch.from_numpy(np.nanmean(rows.features.astype(np.float64), 0).astype(np.float32))
        self.scale = torch.from_numpy((1 / np.nanstd(rows.features.astype(np.float64), 0)).astype(np.float32))

    def __call__(self, rows):
        x = torch.from_numpy(rows.features)
        missing = torch.isnan(x)
        z = ((x - self.mean) * self.scale).clamp(-CLAMP, CLAMP).masked_fill(missing, 0.0)
        return z, missing.float(), self._codes(rows.carrier, self.carriers), self._codes(rows.origin, self.origins)

    @staticmethod
    def _codes(values, names):
        codes = {name: code for code, name in enumerate(names)}
        return torch.tensor([codes.get(value, len(names)) for value in values.tolist()])


def train(rows, epochs=EPOCHS, log=lambda line: None):
    """(network, encoder), fitted on the labelled ones of `rows`; the same rows give the same network.

    One row in fifty is shown with an unknown carrier, and another with an unknown origin, so that those two embedding
    rows mean "any" instead of their random start.
    """
    random.seed(SEED)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    encoder = Encoder(rows)
    rows = rows.take(~np.isnan(rows.label))
    z, missing, carrier, origin = encoder(rows)
    label = torch.from_numpy(rows.label)
    network = Network(len(encoder.carriers), len(encoder.origins), z.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = -(-len(label) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=epochs * steps)
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(label)).split(BATCH):
            hide = torch.rand(2, len(batch)) < 0.02
            logits = network(z[batch], missing[batch], carrier[batch].masked_fill(hide[0], len(encoder.carriers)),
                             origin[batch].masked_fill(hide[1], len(encoder.origins)))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, label[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        log(f"epoch {epoch + 1}/{epochs}: log loss {total / len(label):.4f}")
    return network.eval(), encoder


def served(network, encoder):
    """The TorchScript module that is served."""
    module = FlightDelay(network, encoder.carriers, encoder.origins, encoder.mean, encoder.scale)
    return torch.jit.script(module.eval())


def predict(network, encoder, rows):
    """p_late of every row, float32 [n], by the unfolded network."""
    with torch.inference_mode():
        return network(*encoder(rows)).sigmoid().numpy()
