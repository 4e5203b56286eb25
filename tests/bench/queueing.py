"""P6: how late answers are when requests come at random, against a queue that loses nothing."""

import dataclasses
import statistics

import ideal_queue
import load
import servers
from figures import Figure, at_most, ratios, unsteady
from load import Calls
from outcome import Outcome
from support import protocol

UTILISATION = 0.7
SECONDS = 5.0
WARM_SHARE = 0.1      # of the requests, the first ones: left out
ALONE_REQUESTS, SATURATED_REQUESTS = 10_000, 60_000
LARGEST_BATCH = 64
# How much larger the largest p99 of the rounds may be than the smallest. Service times that were measured while the
# machine did something else can make the ideal queue overflow.
ECHO_MAY_MOVE, IDEAL_MAY_MOVE = 0.2, 0.5


def batch_times(served):
    """{rows: (batches, seconds in the model)} since the server started."""
    with served.channel() as channel:
        reply = protocol.inference(channel).ModelStatistics(
            protocol.message("inference.ModelStatisticsRequest")(name="mlp"), timeout=10)
    return {batch.batch_size: (batch.compute_infer.count, batch.compute_infer.ns / 1e9)
            for batch in reply.model_stats[0].batch_stats}


def between(before, after):
    """What was added, where something was."""
    added = {rows: (count - before.get(rows, (0, 0))[0], seconds - before.get(rows, (0, 0))[1])
             for rows, (count, seconds) in after.items()}
    return {rows: figures for rows, figures in added.items() if figures[0]}


@dataclasses.dataclass
class Probe:
    """What one load, with as many requests in flight as it keeps, showed of the server."""
    rate: float    # requests per second
    batches: dict  # {rows: (batches, seconds in the model)}
    cpu: float     # seconds per request

    def per_row(self):
        """(seconds of CPU, of them in the model, rows per batch)."""
        count = sum(count for count, _ in self.batches.values())
        rows = sum(rows * count for rows, (count, _) in self.batches.items())
        return self.cpu, sum(seconds for _, seconds in self.batches.values()) / rows, rows / count


def probe(served, calls, requests):
    calls.drive(served.grpc_port, requests // 4)
    before = batch_times(served)
    measured = load.measure(served.pid, served.grpc_port, calls, requests)
    return Probe(measured.requests_per_second, between(before, batch_times(served)), measured.process_us / 1e6)


def service_times(alone, together):
    """service(rows) of a turn, from the two probes: its fixed part, a part for each row, and the model's batch."""
    fixed, each = ideal_queue.turn_costs(alone.per_row(), together.per_row())
    model = ideal_queue.interpolated({rows: seconds / count for one in (alone, together)
                                      for rows, (count, seconds) in one.batches.items()})
    return lambda rows: fixed + each * rows + model(rows)


def p99(latencies):
    return ideal_queue.percentile(latencies[int(len(latencies) * WARM_SHARE):], 0.99)


def saturated(context, served, calls):
    return probe(served, calls, context.amount(SATURATED_REQUESTS))


def one_round(context, echo, served, calls, rate, seed):
    """p99 of the echo, ours, of the ideal queue with the same arrivals, in seconds."""
    alone = probe(served, dataclasses.replace(calls, connections=1, streams=1), context.amount(ALONE_REQUESTS))
    service = service_times(alone, saturated(context, served, calls))
    seconds = SECONDS * context.share
    _, echoed = load.poisson(echo.grpc_port, calls.body, rate, seconds, seed)
    arrivals, latencies = load.poisson(served.grpc_port, calls.body, rate, seconds, seed)
    return p99(echoed), p99(latencies), p99(ideal_queue.waits(arrivals, service, LARGEST_BATCH))


def rounds(context, echo, served, calls, rate):
    found = []
    for number in range(context.rounds):
        found.append(one_round(context, echo, served, calls, rate, number))
        servers.say(f"  round {number + 1}/{context.rounds}: p99 of echo, ours, ideal " +
                    ", ".join(f"{value * 1e6:.0f} µs" for value in found[-1]))
    return list(zip(*found))


def poisson(context):
    work = context.work
    models = servers.mlp_models(work, "watched", 0.01)
    request = servers.mlp_request()
    body = servers.body(work, "mlp", request)
    with servers.Echo(work) as echo, servers.ours(work, "on", models) as served:
        servers.prove_echo(echo, request)
        servers.prove_mlp("driftserve", served.grpc_port, models)
        calls = Calls(body)
        rate = UTILISATION * statistics.median(saturated(context, served, calls).rate for _ in range(3))
        echoes, measured, ideal = rounds(context, echo, served, calls, rate)
        servers.prove_unharmed(served)
    return outcome(rate, echoes, measured, ideal)


def outcome(rate, echoes, measured, ideal):
    steady = (("echo's own", echoes, ECHO_MAY_MOVE), ("ideal queue's", ideal, IDEAL_MAY_MOVE))
    moved = [name for name, values, limit in steady if unsteady(values, limit)]
    figure = Figure("P6", "p99 at 70 % of saturation, Poisson, from intended send time ÷ ideal batch queue",
                    ratios(measured, ideal), at_most(1.3),
                    no_verdict="; ".join(f"the {name} p99 moved too much between rounds" for name in moved))
    micros = {name: [value * 1e6 for value in values]
              for name, values in (("bare echo", echoes), ("driftserve", measured), ("ideal queue", ideal))}
    beside = Figure("", "the same ÷ bare echo's p99 at the same rate", ratios(measured, echoes))
    return Outcome([figure, beside], notes=[
        f"{rate:.0f} requests per second.",
        *[f"p99 in µs, {name}: {', '.join(f'{value:.0f}' for value in values)}." for name, values in micros.items()],
        "The ideal queue takes all that waits as soon as it is free and knows no network. Its service times are "
        "measured in the same round, from the server's CPU time with one request in flight and with 4 × 32: a fixed "
        "part for each turn, a part for each request, and what the model took for such a batch."])
