#!/usr/bin/env python3
"""The retraining loop, one step a command: retrain.py STEP --run DIR [options]. deploy/retraining/README.md describes
each. Exit status 0: done; 1: a judgement against the candidate; 2: bad input, or it could not be judged; 75: a server
did not answer, however often it was asked.
"""

import argparse
import dataclasses
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from decision import Limits  # noqa: E402  (the path is set above)
from faults import BadInput, Fault  # noqa: E402
from retries import Retries  # noqa: E402
from run_folder import RunFolder  # noqa: E402

ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))


# A step imports what it needs and no more: only `train` has a Python with torch, and that one has no gRPC.


def _window(folder, options):
    import window
    window.run(folder, options.data, options.until, options.days, options.holdout_days)


def _train(folder, options):
    import training
    training.run(folder, options.epochs)


def _profile(folder, options):
    import reference
    reference.run(folder, options.model_folder, options.programs)


def _validate(folder, options):
    import validation
    validation.run(folder, options.model_folder, options.repository, options.programs, options.auc_tolerance,
                   options.drifted_share)


def _server(folder, options):
    from server import Server
    return Server(options.server, options.model, Retries(options.attempts, options.retry_seconds, log=folder.log))


def _model(options):
    return os.path.join(os.path.abspath(options.repository), options.model)


def _publish(folder, options):
    import publication
    publication.publish(folder, _model(options), _server(folder, options), options.share, options.ready_timeout)


def _compare(folder, options):
    import comparison
    limits = Limits(**{name: getattr(options, name) for name in vars(Limits())})
    comparison.compare(folder, _server(folder, options), options.metrics, limits,
                       0 if options.once else options.timeout, options.every)


def _promote(folder, options):
    import publication
    publication.promote(folder, _model(options), _server(folder, options), options.ready_timeout)


def _withdraw(folder, options):
    import publication
    publication.withdraw(folder, _model(options), _server(folder, options), options.ready_timeout)


def _add_model(step):
    step.add_argument("--model-folder", default=os.path.join(ROOT, "models", "flight_delay"),
                      help="holds config.pbtxt and monitor.yaml; default: models/flight_delay")
    step.add_argument("--programs",
                      help="folder of drift and driftserve; default: DRIFTSERVE_BUILD/bin, PATH, build/release/bin")


def _add_repository(step):
    step.add_argument("--repository", required=True, help="the model repository that the server serves")


def _add_server(step):
    step.add_argument("--server", required=True, help="its gRPC, host:port")
    step.add_argument("--model", default="flight_delay")
    step.add_argument("--attempts", type=_whole, default=6, help="how often a server that is away is asked; default 6")
    step.add_argument("--retry-seconds", type=_positive, default=0.5,
                      help="before the second attempt, doubled before each further one; default 0.5")


def _add_change(step):
    _add_repository(step)
    _add_server(step)
    step.add_argument("--ready-timeout", type=_positive, default=120,
                      help="seconds for the server to follow; default 120")


def _add_limits(step):
    for field in dataclasses.fields(Limits):
        step.add_argument(f"--{field.name.replace('_', '-')}", type=_whole if field.type is int else _not_negative,
                          default=field.default, help=f"{field.metadata['help']}; default {field.default:g}")


def _whole(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text}")
    return value


def _not_negative(text):
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number from 0, got {text}")
    return value


def _positive(text):
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def _parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def add(name, run, text):
        step = steps.add_parser(name, help=text, description=text)
        step.add_argument("--run", required=True, dest="folder", help="folder of this run; made where it is missing")
        step.set_defaults(run_step=run)
        return step

    step = add("window", _window, "newest rows whose labels are known")
    step.add_argument("--data", required=True, help="flights.csv, with weather.csv beside it")
    step.add_argument("--until", required=True, help="labels known by then: 2013-08-01")
    step.add_argument("--days", required=True, type=_whole, help="length of the window, the holdout included")
    step.add_argument("--holdout-days", type=_whole, default=7, help="newest days, not trained on; default 7")
    step = add("train", _train, "a candidate; needs Python's torch")
    step.add_argument("--epochs", type=_whole, default=8, help="default 8")
    _add_model(add("profile", _profile, "the candidate's reference"))
    step = add("validate", _validate, "the candidate against the version that serves, on the holdout")
    _add_model(step)
    _add_repository(step)
    step.add_argument("--auc-tolerance", type=_not_negative, default=0.01,
                      help="by so much its AUC may be lower; default 0.01")
    step.add_argument("--drifted-share", type=_not_negative, default=0.5,
                      help="of what is watched, may have drifted from training to holdout; default 0.5")
    step = add("publish", _publish, "the candidate into the repository, as a canary")
    _add_change(step)
    step.add_argument("--share", required=True, type=float, help="of the requests that name no version")
    step = add("compare", _compare, "canary and serving version: verdict.json")
    _add_server(step)
    step.add_argument("--metrics", required=True, help="http://host:8002/metrics")
    step.add_argument("--once", action="store_true", help="look once; else until there is a verdict")
    step.add_argument("--timeout", type=_positive, default=86400, help="seconds; default a day")
    step.add_argument("--every", type=_positive, default=15, help="seconds between looks; default 15")
    _add_limits(step)
    _add_change(add("promote", _promote, "the canary answers everything"))
    _add_change(add("withdraw", _withdraw, "the canary leaves the repository"))
    return parser


def main(arguments=None):
    options = _parser().parse_args(arguments)
    folder = RunFolder(options.folder, options.step)
    try:
        options.run_step(folder, options)
    except Fault as fault:
        print(f"{options.step}: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    except OSError as error:
        print(f"{options.step}: {BadInput(error)}", file=sys.stderr, flush=True)
        return BadInput.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
