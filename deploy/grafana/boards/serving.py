"""Rate, errors and duration of requests, where the time goes, and what the machine has left."""

from boards.frame import dashboard
from boards.panels import line_of, series
from boards.queries import MODEL, TARGET, error_share, mean, quantile, query, rate

REQUESTS = [
    series(
        "Requests by method",
        "Requests answered a second.",
        [query(rate("driftserve_requests_total", "model_name, method"), "{{model_name}} {{method}}")],
        "reqps",
    ),
    series(
        "Errors",
        "Share of requests that end in an error that is not the caller's.",
        [query(error_share("model_name"), "{{model_name}}")],
        "percentunit",
        runbooks=["ModelErrorRate"],
    ),
    series(
        "Requests that failed, by code",
        "Answers other than OK, a second, by gRPC status code.",
        [
            query(
                rate("driftserve_requests_total", "model_name, code", f'{MODEL}, code!="OK"'), "{{model_name}} {{code}}"
            )
        ],
        "reqps",
        runbooks=["ModelErrorRate", "DriftserveQueueFull"],
    ),
]

DURATION = [
    series(
        "Latency",
        "From accepting a request to its reply.",
        [
            query(quantile(q, "driftserve_request_duration_seconds"), f"p{name} {{{{model_name}}}}")
            for q, name in ((0.5, "50"), (0.99, "99"), (0.999, "99.9"))
        ],
        "s",
        runbooks=["ModelLatencyBurnFast"],
    ),
    series(
        "Where the time goes",
        "99th percentile of waiting for a batch, and of one run of the model.",
        [
            query(quantile(0.99, "driftserve_queue_duration_seconds"), "queue p99 {{model_name}}"),
            query(quantile(0.99, "driftserve_execute_duration_seconds"), "execute p99 {{model_name}}"),
        ],
        "s",
        runbooks=["ModelLatencyBurnFast"],
    ),
    series(
        "Slow requests",
        "Share of requests slower than the objective of the latency alerts, over an hour. The line is the "
        "share that the objective allows. Needs the recording rules of deploy/prometheus.",
        [
            query('max by (model_name) (model:slow_requests:ratio1h{model_name=~"$model_name"})', "{{model_name}}"),
            query("max(model:slow_requests:budget)", "allowed"),
        ],
        "percentunit",
        overrides=[line_of("allowed", "red")],
        runbooks=["ModelLatencyBurnFast", "ModelLatencyBurnSlow"],
    ),
]

BATCHES = [
    series(
        "Rows of a batch", "Mean rows of a batch.", [query(mean("driftserve_batch_rows"), "{{model_name}}")], "short"
    ),
    series(
        "Pending requests",
        "Requests accepted and not yet run.",
        [query(f"sum by (instance) (driftserve_pending_requests{{{TARGET}}})", "{{instance}}")],
        "short",
        runbooks=["DriftserveQueueFull"],
    ),
    series(
        "Pending bytes",
        "Bytes of the requests accepted and not yet run.",
        [query(f"sum by (instance) (driftserve_pending_bytes{{{TARGET}}})", "{{instance}}")],
        "bytes",
        runbooks=["DriftserveQueueFull"],
    ),
    series(
        "Requests that did not run",
        "Valid requests a second that did not run, by reason: a bound of server or model, a deadline, a caller gone.",
        [
            query(
                rate("driftserve_refused_requests_total", "model_name, reason")
                + f" or label_replace({rate('driftserve_delayed_requests_total', 'model_name')},"
                ' "reason", "delayed", "", "")',
                "{{model_name}} {{reason}}",
            )
        ],
        "cps",
        width=6,
        runbooks=["DriftserveQueueFull"],
    ),
    series(
        "Rows by stratum",
        "Rows answered a second, by stratum.",
        [
            query(
                rate("model_stratum_rows_total", "model_name, stratum", f'{MODEL}, outcome="seen"'),
                "{{model_name}} {{stratum}}",
            )
        ],
        "cps",
        width=6,
    ),
    series(
        "Ready model versions",
        "1 while a model version answers requests.",
        [
            query(
                f"min by (instance, model_name, model_version) (driftserve_model_ready{{{MODEL}}})",
                "{{model_name}} {{model_version}} on {{instance}}",
            )
        ],
        "short",
        width=6,
        live=True,
        runbooks=["ModelNotReady"],
    ),
    series(
        "Loads and hung runs",
        "Model loads that failed, and runs of a model that did not return in time, a second.",
        [
            query(
                rate("driftserve_model_loads_total", "model_name, reason", f'{MODEL}, outcome="failed"')
                + f" or {rate('driftserve_hung_runs_total', 'model_name')}",
                "{{model_name}} {{reason}}",
            )
        ],
        "cps",
        width=6,
        runbooks=["ModelLoadFailed", "ModelNotReady"],
    ),
]

GPUS = [
    series(
        "GPU utilization",
        "Share of the time in which a kernel ran.",
        [query(f"max by (instance, gpu_uuid) (nv_gpu_utilization{{{TARGET}}})", "{{instance}} {{gpu_uuid}}")],
        "percentunit",
    ),
    series(
        "GPU memory",
        "Memory in use, over what there is.",
        [
            query(f"max by (instance, gpu_uuid) (nv_gpu_memory_used_bytes{{{TARGET}}})", "{{instance}} {{gpu_uuid}}"),
            query(f"max by (gpu_uuid) (nv_gpu_memory_total_bytes{{{TARGET}}})", "total {{gpu_uuid}}"),
        ],
        "bytes",
    ),
    series(
        "GPU power",
        "Power drawn.",
        [query(f"max by (instance, gpu_uuid) (nv_gpu_power_usage{{{TARGET}}})", "{{instance}} {{gpu_uuid}}")],
        "watt",
    ),
]

BOARD = dashboard(
    "serving", __doc__, (("Requests", REQUESTS), ("Duration", DURATION), ("Batches and queue", BATCHES), ("GPU", GPUS))
)
