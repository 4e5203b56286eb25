"""What watching costs the thread that serves, per request."""

import contextlib
import os

import numpy

import servers
from against_echo import column
from figures import Figure, at_least, ratios
from load import CLIENT_CORE, SERVER_CORE, Calls
from outcome import Outcome, rounds_of
from servers import compare
from services import KafkaBroker
from support import protocol, repository, server

# A hundredth is looked for: many short rounds find it where few long ones only see the machine change between them.
ROUNDS_PER_ROUND = 3
REQUESTS = 50_000
COLUMNS = 64
NO_COUNTERS = ("No instructions beside it: the processor's counters cannot be read here, and valgrind cannot run a "
               "server whose trial of a model executes its own program again. tests/cost counts those of one request, "
               "in process.")


def sampling(context):
    """P7: nothing sampled, 1 % and 10 %."""
    work, request = context.work, servers.mlp_request()
    calls = Calls(servers.body(work, "mlp", request))
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(KafkaBroker(work / "kafka"))
        os.sched_setaffinity(broker.pid, {CLIENT_CORE})
        watching = {}
        for name, rate in (("nothing watched", None), ("1 % sampled", 0.01), ("10 % sampled", 0.1)):
            folder = f"rate-{rate}"
            models = servers.mlp_models(work, folder, rate)
            config = {} if rate is None else {"kafka": {"brokers": broker.bootstrap}}
            served = stack.enter_context(servers.ours(work, folder + "-server", models, config))
            servers.prove_mlp(name, served.grpc_port, models)
            watching[name] = served
        loaded = {name: (served, calls) for name, served in watching.items()}
        found = compare(context, REQUESTS, loaded, ROUNDS_PER_ROUND)
        for served in watching.values():
            servers.prove_unharmed(served)
        notes = [records_note(name, served) for name, served in list(watching.items())[1:]]
    off, one, ten = (column(rounds, "poller_us") for rounds in found.values())
    figures = [Figure("P7", "poller CPU per request, sampling off ÷ 1 %", ratios(off, one), at_least(0.99), "{:.3f}"),
               Figure("P7", "the same, off ÷ 10 %", ratios(off, ten), at_least(0.97), "{:.3f}")]
    return Outcome(figures, rounds_of(found), [*notes, NO_COUNTERS])


def records_note(name, served):
    metrics = served.metrics()
    records = metrics.records()
    return (f"{name}: {records['sampled']:.0f} records, {records['acknowledged']:.0f} acknowledged, "
            f"{records['dropped']:.0f} dropped; {metrics.sum('driftserve_tap_dropped_samples_total'):.0f} samples "
            f"dropped by the tap.")


def move_to_other_core(pid):
    """All threads of a server but its pollers leave the core of the pollers."""
    for thread, (name, _) in server.threads(pid).items():
        core = SERVER_CORE if name.startswith("poller/") else CLIENT_CORE
        os.sched_setaffinity(thread, {core})


def drift(context):
    """P8: 64 features, every row sampled; no broker, so that the other core is drift's and the client's."""
    work = context.work
    row = numpy.random.default_rng(1).normal(size=(1, COLUMNS)).astype("<f4")
    request = protocol.infer_request("identity", [("INPUT__0", "FP32", [1, COLUMNS], row.tobytes())])
    calls = Calls(servers.body(work, "wide", request))
    plain, watched = (servers.identity_models(work, name, COLUMNS) for name in ("plain", "watched"))
    repository.watch(watched / "identity", {
        **repository.numeric_monitor(COLUMNS, ("INPUT__0", "OUTPUT__0"), sampling={"default_rate": 1.0}),
        "window": servers.WINDOW})
    with servers.ours(work, "off", plain) as off, servers.ours(work, "on", watched) as on:
        for served in (off, on):
            move_to_other_core(served.pid)
            raw = servers.infer(served.grpc_port, request).raw_output_contents[0]
            servers.prove("driftserve", numpy.frombuffer(raw, "<f4"), row[0])
        loaded = {"64 features, nothing watched": (off, calls), "64 features, every row watched": (on, calls)}
        found = compare(context, REQUESTS, loaded, ROUNDS_PER_ROUND)
        servers.prove_unharmed(on)
        notes = [records_note("Every row", on)]
    unwatched, watched = (column(rounds, "poller_us") for rounds in found.values())
    figure = Figure("P8", "poller CPU per request, off ÷ drift on 64 features with every row sampled",
                    ratios(unwatched, watched), at_least(0.97), "{:.3f}")
    return Outcome([figure], rounds_of(found), [*notes, NO_COUNTERS])
