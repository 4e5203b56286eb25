"""The DAG drift_retraining: a drift event of the model starts one retraining, whose candidate is served as a canary and
then promoted or withdrawn. See ../README.md.
"""

import datetime
import logging

from airflow.providers.common.messaging.triggers.msg_queue import MessageQueueTrigger
from airflow.sdk import Asset, AssetWatcher, TriggerRule, Variable, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from driftserve_retraining import cooldown, settings as settings_file, steps

SETTINGS = settings_file.load()
LAST_RUN = f"driftserve_retraining_{SETTINGS.model}"

log = logging.getLogger(__name__)

drift = Asset(
    name=f"driftserve_drift_{SETTINGS.model}",
    watchers=[AssetWatcher(
        name=f"driftserve_events_{SETTINGS.model}",
        trigger=MessageQueueTrigger(
            scheme="kafka", topics=[SETTINGS.topic], kafka_config_id=SETTINGS.kafka_connection,
            apply_function="driftserve_retraining.events.accept",
            apply_function_kwargs={"model": SETTINGS.model, "burst_seconds": SETTINGS.burst_seconds},
            # Slept after each message that is passed over, of which there may be many.
            poll_interval=0),
    )],
)


def folder_of(context):
    return steps.run_folder(SETTINGS, context["dag_run"].run_id)


def settings_of(run):
    """The settings with what the run's conf sets. A conf that is wrong stays wrong: the task is not tried again."""
    try:
        return settings_file.with_conf(SETTINGS, run.conf)
    except settings_file.SettingsError as error:
        raise AirflowFailException(str(error)) from error


def run_step(step):
    """One step of this run, or a look at the verdict, which is returned. What may succeed later is tried again by
    Airflow, anything else fails at once."""
    context = get_current_context()
    settings = settings_of(context["dag_run"])
    folder = folder_of(context)
    words = steps.command(step, settings, folder)
    log.info("runs %s", " ".join(words))
    try:
        return steps.look(words, folder, log.info) if step == "compare" else steps.run(words, log.info)
    except steps.StepFailed as failure:
        if failure.again:
            raise
        raise AirflowFailException(str(failure)) from failure


def step(name, task_id=None, **options):
    """A task that runs a step of retrain.py."""
    @task(task_id=task_id or name, **options)
    def run():
        run_step(name)
    return run()


@task.short_circuit
def admit(triggering_asset_events=None):
    """Skips the whole run so soon after another."""
    for events in (triggering_asset_events or {}).values():
        for event in events:
            log.info("started by %s", event.extra)
    run = get_current_context()["dag_run"]
    settings_of(run)
    admitted, reason, remember = cooldown.admit(
        Variable.get(LAST_RUN, default=None), run.run_id, datetime.datetime.now().timestamp(),
        SETTINGS.cooldown_seconds, (run.conf or {}).get("force", False))
    log.info("%s: %s", "admitted" if admitted else "skipped", reason)
    if admitted:
        Variable.set(LAST_RUN, remember)
    return admitted


@task.sensor(mode=steps.sensor_mode(SETTINGS.compare_every_seconds), poke_interval=SETTINGS.compare_every_seconds,
             timeout=SETTINGS.compare_timeout_seconds,
             # Of one look, or of all of them where they are one task: `timeout` ends that before.
             execution_timeout=datetime.timedelta(
                 seconds=SETTINGS.step_timeout_seconds + SETTINGS.compare_timeout_seconds))
def compare():
    """Done once there is a verdict; fails where there is none in time."""
    return run_step("compare") != steps.WAIT


def states_of(context, tasks=None):
    """{task: state} of this run."""
    run = context["dag_run"]
    found = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id], task_ids=tasks)[run.run_id]
    return {name: str(state) for name, state in found.items()}


@task.branch(trigger_rule=TriggerRule.ALL_DONE)
def choose():
    """By the verdict and by failure: what was published and not found better does not stay."""
    context = get_current_context()
    states = states_of(context, ["publish", "compare"])
    found = steps.verdict(folder_of(context)) if states["compare"] == "success" else None
    chosen = steps.choose(states["publish"], states["compare"], found)
    log.info("%s, verdict %s: %s", states, found, chosen or "nothing to do")
    return chosen


@task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
def outcome():
    """The run succeeds where a new version serves; a model that drifted and was not replaced is somebody's work."""
    states = states_of(get_current_context())
    log.info("ended: %s", dict(sorted(states.items())))
    if states["promote"] != "success":
        raise AirflowFailException("no new version was promoted: the one before serves, and drifted")


@dag(
    dag_id="drift_retraining",
    schedule=[drift],
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": SETTINGS.retries,
        "retry_delay": datetime.timedelta(seconds=SETTINGS.retry_delay_seconds),
        "execution_timeout": datetime.timedelta(seconds=SETTINGS.step_timeout_seconds),
    },
    doc_md=__doc__,
    tags=["driftserve"],
)
def drift_retraining():
    published, chosen, promoted = step("publish"), choose(), step("promote")
    admit() >> step("window") >> step("train") >> step("profile") >> step("validate") >> published >> compare() >> chosen
    published >> chosen
    # What a branch does not choose is skipped for good: the withdrawal after a failed promotion is a task of its own.
    undone = step("withdraw", "undo_promotion", trigger_rule=TriggerRule.ALL_FAILED)
    withdrawn = step("withdraw")
    chosen >> [promoted, withdrawn]
    promoted >> undone
    [withdrawn, undone] >> outcome()


drift_retraining()
