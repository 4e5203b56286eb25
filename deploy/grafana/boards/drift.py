"""Which feature has drifted, since when, how sure that is, in which stratum, and whether the predictions got worse."""

from boards.frame import FEATURE, dashboard
from boards.panels import THRESHOLD_LINES, bars, heat_map, panel, series, state_timeline, two_histograms
from boards.queries import FLEET, MODEL, TARGET, drift_with_thresholds, query, rate, state_code

THRESHOLDS = (
    "The dashed lines are the highest warning and alert thresholds: tolerance plus what chance could add at "
    "this sample size."
)

FEATURES = [
    series(
        "PSI by feature",
        f"Population stability index against the training data. {THRESHOLDS}",
        drift_with_thresholds("model_feature_drift", "feature", "psi"),
        width=12,
        overrides=THRESHOLD_LINES,
        runbooks=["ModelFeatureDrifted", "ModelFeatureDriftWarning"],
    ),
    series(
        "KS distance by feature",
        f"Largest gap between the cumulative distributions of training and now, 0 to 1. {THRESHOLDS}",
        drift_with_thresholds("model_feature_drift", "feature", "ks"),
        width=12,
        overrides=THRESHOLD_LINES,
        runbooks=["ModelFeatureDrifted", "ModelFeatureDriftWarning"],
    ),
    state_timeline(
        "State by feature",
        "State of every feature and statistic over time. Click for the live page.",
        state_code("model_feature_drift_state", "instance, model_name, feature, drift_type"),
        "{{feature}} {{drift_type}}",
        live=True,
    ),
    bars(
        "Most drifted features",
        "The ten features with the highest PSI now.",
        f'topk(10, max by (model_name, feature) (model_feature_drift{{{MODEL}, drift_type="psi"}}))',
        "{{feature}}",
    ),
    series(
        "Drift of the predictions",
        f"PSI of the model's own outputs. {THRESHOLDS}",
        drift_with_thresholds("model_prediction_drift", "output", "psi"),
        width=6,
        height=10,
        overrides=THRESHOLD_LINES,
        runbooks=["ModelPredictionDrifted"],
    ),
]

POWER = [
    series(
        "Effective samples",
        "Independent rows that the window's rows are worth: the power behind every verdict.",
        [query(f"min by (model_name, feature) (model_feature_effective_samples{{{MODEL}}})", "{{feature}}")],
        runbooks=["ModelDriftBlind"],
    ),
    series(
        "Design effect",
        "Rows of the window over their effective samples: what unequal sampling rates and alike rows cost.",
        [query(f"max by (model_name, feature) (model_feature_design_effect{{{MODEL}}})", "{{feature}}")],
    ),
    series(
        "Missing values",
        "Share of missing values by feature, weighted.",
        [query(f"max by (model_name, feature) (model_feature_missing_ratio{{{MODEL}}})", "{{feature}}")],
        "percentunit",
    ),
    series(
        "Age of the evaluation",
        "Time since drift was last evaluated. It grows where the observer is stuck.",
        [
            query(
                f"time() - max by (instance, model_name) (model_drift_last_evaluation_timestamp_seconds{{{MODEL}}})",
                "{{model_name}} on {{instance}}",
            )
        ],
        "s",
        live=True,
        runbooks=["DriftEvaluationStale"],
    ),
    series(
        "Rows seen",
        "Rows answered a second: without any for a whole window, a model is stale.",
        [
            query(
                rate("model_stratum_rows_total", "instance, model_name", f'{MODEL}, outcome="seen"'),
                "{{model_name}} on {{instance}}",
            )
        ],
        "cps",
        live=True,
        runbooks=["ModelTrafficStale"],
    ),
    series(
        "Rows the window left out",
        "Rows a second that could not be counted in the drift window, by reason.",
        [query(rate("driftserve_window_left_out_rows_total", "model_name, reason"), "{{reason}}")],
        "cps",
    ),
]

STRATA = [
    heat_map(
        "PSI of $feature by stratum",
        "PSI of the chosen feature within each stratum, and of all rows: a shift in a "
        "small stratum is invisible in the whole.",
        f'max by (stratum) (model_feature_stratum_drift{{{MODEL}, feature="$feature", drift_type="psi"}})'
        f' or label_replace(max(model_feature_drift{{{MODEL}, feature="$feature", drift_type="psi"}}),'
        ' "stratum", "all rows", "", "")',
        "{{stratum}}",
    ),
    two_histograms(
        "$feature: training against now",
        "Shares of the bins in training and in the fleet's window, weighted "
        "over strata. Needs the recording rules of deploy/prometheus.",
        f'max by (bin) (model_feature_bin:reference:ratio{{{FLEET}, feature="$feature"}})',
        f'max by (bin) (model_feature_bin:current:ratio{{{FLEET}, feature="$feature"}})',
        ("training", "now"),
    ),
]

FLEET_DRIFT = [
    series(
        "PSI of the fleet",
        "PSI from the added counts of all replicas; never an average of replicas.",
        [query(f"model_feature:drift_psi:fleet{{{FLEET}}}", "{{feature}}")],
        runbooks=["FleetFeatureDrifted"],
    ),
    series(
        "KS of the fleet",
        "KS over the bins' ends from the added counts of all replicas: a lower bound.",
        [query(f"model_feature:drift_ks:fleet{{{FLEET}}}", "{{feature}}")],
    ),
    series(
        "Effective samples of the fleet",
        "Independent rows that the rows of all replicas are worth.",
        [query(f"model_feature:effective_samples:fleet{{{FLEET}}}", "{{feature}}")],
    ),
]

LABELS = [
    series(
        "Error of the predictions",
        "Mean error of the labelled predictions, weighted as the traffic.",
        [query(f"max by (model_name, error) (model_prediction_error{{{MODEL}}})", "{{model_name}} {{error}}")],
        runbooks=["ModelConceptDrifted"],
    ),
    state_timeline(
        "Concept drift by detector",
        "State of every detector of concept drift, and of their verdict (all).",
        state_code("model_concept_drift_state", "model_name, detector"),
        "{{detector}}",
        width=8,
        height=8,
        runbooks=["ModelConceptDrifted"],
    ),
    series(
        "Detectors",
        "Each detector's statistic over the value at which it alarms: 1 is an alarm.",
        [
            query(
                f"max by (model_name, detector) (model_concept_drift{{{MODEL}}}"
                f" / model_concept_drift_threshold{{{MODEL}}})",
                "{{detector}}",
            )
        ],
    ),
    series(
        "Drift of the labels",
        "PSI and KS of what happened against the training data.",
        [query(f"max by (model_name, label, drift_type) (model_label_drift{{{MODEL}}})", "{{label}} {{drift_type}}")],
        runbooks=["ModelLabelDrifted"],
    ),
    series(
        "Labelled share",
        "Share of the sampled predictions past the time limit that got their label.",
        [query(f"min by (model_name) (model_label_join_ratio{{{MODEL}}})", "{{model_name}}")],
        "percentunit",
        runbooks=["ModelLabelsMissing"],
    ),
    series(
        "Delay of the labels",
        "Time from prediction to label.",
        [query(f"max by (model_name, quantile) (model_label_lag_seconds{{{MODEL}}})", "{{model_name}} {{quantile}}")],
        "s",
    ),
    series(
        "Labels by outcome",
        "Reported labels a second, and what became of them. Those of rows that were not sampled are unknown.",
        [query(rate("driftserve_labels_total", "outcome", TARGET), "{{outcome}}")],
        "cps",
        width=12,
    ),
    series(
        "Predictions to be labelled",
        "Sampled predictions a second on their way into the table, by outcome.",
        [query(rate("driftserve_label_predictions_total", "model_name, outcome"), "{{model_name}} {{outcome}}")],
        "cps",
        width=12,
    ),
]

REFERENCE = [
    panel(
        "table",
        "Reference",
        "What the windows are compared with: hash, age and rows of each version's training data.",
        [
            query(
                f"max by (model_name, model_version, hash, created, rows) (model_reference_info{{{MODEL}}})", table=True
            )
        ],
        width=24,
        height=5,
        panel={"showHeader": True, "cellHeight": "sm"},
    )
]

BOARD = dashboard(
    "drift",
    __doc__,
    (
        ("Features", FEATURES),
        ("How sure, how fresh", POWER),
        ("Strata and bins", STRATA),
        ("Fleet", FLEET_DRIFT),
        ("Labels and concept drift", LABELS),
        ("Reference", REFERENCE),
    ),
    [FEATURE],
)
