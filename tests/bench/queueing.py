"""P6: how late answers are when requests come at random, against a queue that loses nothing."""

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
PROBE_REQUESTS = 80_000
LARGEST_BATCH = 64
ECHO_MAY_MOVE = 0.2


def saturation(served, calls, requests):
    """Requests per second with 4 × 32 in flight: the median of three."""
    return statistics.median(calls.drive(served.grpc_port, requests)[0] for _ in range(3))


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


def service_times(batches, cpu_seconds, requests):
    """service(rows): what the model took for such a batch in this very round, and for each request the rest of the
    server's CPU time."""
    model = ideal_queue.interpolated({rows: seconds / count for rows, (count, seconds) in batches.items()})
    rest = (cpu_seconds - sum(seconds for _, seconds in batches.values())) / requests
    return lambda rows: rows * rest + model(rows)


def p99(latencies):
    return ideal_queue.percentile(latencies[int(len(latencies) * WARM_SHARE):], 0.99)


def one_round(served, body, rate, seconds, seed):
    """(measured p99, p99 of the ideal queue with the same arrivals and service times), in seconds."""
    batches, cpu = batch_times(served), load.cpu(served.pid)
    arrivals, latencies = load.poisson(served.grpc_port, body, rate, seconds, seed)
    spent_us, _ = load.spent_between(cpu, load.cpu(served.pid), len(arrivals))
    service = service_times(between(batches, batch_times(served)), spent_us * len(arrivals) / 1e6, len(arrivals))
    return p99(latencies), p99(ideal_queue.waits(arrivals, service, LARGEST_BATCH))


def rounds(context, echo, served, body, rate):
    """[(echo's p99, ours, the ideal queue's)] of the rounds, in seconds."""
    seconds, found = SECONDS * context.share, []
    for number in range(context.rounds):
        _, latencies = load.poisson(echo.grpc_port, body, rate, seconds, number)
        found.append((p99(latencies), *one_round(served, body, rate, seconds, number)))
        servers.say(f"  round {number + 1}/{context.rounds}: p99 of echo, ours, ideal " +
                    ", ".join(f"{value * 1e6:.0f} µs" for value in found[-1]))
    return found


def poisson(context):
    work = context.work
    models = servers.mlp_models(work, "watched", 0.01)
    request = servers.mlp_request()
    body = servers.body(work, "mlp", request)
    with servers.Echo(work) as echo, servers.ours(work, "on", models) as served:
        servers.prove_echo(echo, request)
        servers.prove_mlp("driftserve", served.grpc_port, models)
        rate = UTILISATION * saturation(served, Calls(body), context.amount(PROBE_REQUESTS))
        echoes, measured, ideal = zip(*rounds(context, echo, served, body, rate))
        servers.prove_unharmed(served)
    return outcome(rate, echoes, measured, ideal)


def outcome(rate, echoes, measured, ideal):
    moved = unsteady(echoes, ECHO_MAY_MOVE)
    figure = Figure("P6", "p99 at 70 % of saturation, Poisson, from intended send time ÷ ideal batch queue",
                    ratios(measured, ideal), at_most(1.3),
                    no_verdict="the echo's own p99 moved by more than 20 %" if moved else "")
    micros = {name: [value * 1e6 for value in values]
              for name, values in (("bare echo", echoes), ("driftserve", measured), ("ideal queue", ideal))}
    beside = Figure("", "the same ÷ bare echo's p99 at the same rate", ratios(measured, echoes))
    return Outcome([figure, beside], notes=[
        f"{rate:.0f} req/s. p99 in µs, {name}: {', '.join(f'{value:.0f}' for value in values)}."
        for name, values in micros.items()] + [
        "The ideal queue takes all that waits as soon as it is free and knows no network; each of its batches takes "
        "what the model took for one of that size in the round, and for each request the rest of the server's CPU "
        "time."])
