"""Is every model still asked about what it was trained on, does it answer, and do its records arrive?"""

from boards.frame import dashboard
from boards.panels import STATE_MAPPING, bars, panel, series, stat, state_timeline, steps
from boards.queries import MODEL, TARGET, error_share, quantile, query, rate, state_code

AGE_COLORS = steps((None, "green"), (120, "orange"), (300, "red"))
SHARE_COLORS = steps((None, "green"), (0.01, "orange"), (0.5, "red"))
ERROR_COLORS = steps((None, "green"), (0.01, "red"))

AT_A_GLANCE = [
    stat(
        "State",
        "The model's drift state as the server judges it.",
        state_code("model_drift_state", "model_name"),
        mappings=STATE_MAPPING,
        runbooks=["ModelDrifted"],
    ),
    stat(
        "Drifted features",
        "Share of the features that can be judged and have drifted.",
        f"max by (model_name) (model_drifted_features_ratio{{{MODEL}}})",
        "percentunit",
        colors=SHARE_COLORS,
        runbooks=["ModelFeatureDrifted"],
    ),
    stat(
        "Requests",
        "Requests answered a second, over all methods.",
        rate("driftserve_requests_total", "model_name"),
        "reqps",
    ),
    stat(
        "Errors",
        "Share of requests that end in an error that is not the caller's.",
        error_share("model_name"),
        "percentunit",
        colors=ERROR_COLORS,
        runbooks=["ModelErrorRate"],
    ),
    stat(
        "p99 latency",
        "99 of 100 requests are answered within this time, from accepting to the reply.",
        quantile(0.99, "driftserve_request_duration_seconds"),
        "s",
        runbooks=["ModelLatencyBurnFast"],
    ),
    stat(
        "Age of the evaluation",
        "Time since drift was last evaluated.",
        f"max by (model_name) (time() - model_drift_last_evaluation_timestamp_seconds{{{MODEL}}})",
        "s",
        colors=AGE_COLORS,
        runbooks=["DriftEvaluationStale"],
    ),
]

MODELS = [
    state_timeline(
        "State by model and server",
        "State of every watched model on every server. Click for the live page.",
        state_code("model_drift_state", "instance, model_name, model_version"),
        "{{model_name}} {{model_version}} on {{instance}}",
        width=12,
        height=9,
        live=True,
    ),
    bars(
        "Most drifted features",
        "The ten features with the highest PSI now, over all models.",
        f'topk(10, max by (model_name, feature) (model_feature_drift{{{MODEL}, drift_type="psi"}}))',
        "{{model_name}} {{feature}}",
        height=9,
        runbooks=["ModelFeatureDrifted"],
    ),
    series(
        "Drift of the predictions",
        "PSI of the models' own outputs.",
        [
            query(
                f'max by (model_name, output) (model_prediction_drift{{{MODEL}, drift_type="psi"}})',
                "{{model_name}} {{output}}",
            )
        ],
        width=6,
        height=9,
        runbooks=["ModelPredictionDrifted"],
    ),
]

SERVERS = [
    panel(
        "table",
        "Versions",
        "Every model version that is served, and whether it is ready. Click for the live page.",
        [query(f"max by (instance, model_name, model_version) (driftserve_model_ready{{{MODEL}}})", table=True)],
        width=12,
        height=8,
        runbooks=["ModelNotReady"],
        defaults={
            "links": [
                {
                    "title": "Live page",
                    "targetBlank": True,
                    "url": "http://${__data.fields.instance:raw}/drift/${__data.fields.model_name}",
                }
            ],
            "mappings": [
                {
                    "type": "value",
                    "options": {
                        "0": {"text": "not ready", "color": "red", "index": 0},
                        "1": {"text": "ready", "color": "green", "index": 1},
                    },
                }
            ],
        },
        panel={"showHeader": True, "cellHeight": "sm"},
    ),
    series(
        "Records lost",
        "Sampled records that consumers of the topic will miss, a second.",
        [
            query(
                rate("driftserve_records_total", "instance, reason", f'{TARGET}, outcome="dropped"'),
                "{{instance}} {{reason}}",
            )
        ],
        "cps",
        width=6,
        runbooks=["DriftserveRecordsDropped"],
    ),
    series(
        "Pending requests",
        "Requests accepted and not yet run.",
        [query(f"sum by (instance) (driftserve_pending_requests{{{TARGET}}})", "{{instance}}")],
        "short",
        width=6,
        runbooks=["DriftserveQueueFull"],
    ),
]

BOARD = dashboard("overview", __doc__, (("At a glance", AT_A_GLANCE), ("Models", MODELS), ("Servers", SERVERS)))
