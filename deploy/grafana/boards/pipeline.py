"""Are sampled rows recorded and delivered, how far behind is that, and what was lost where?"""

from boards.frame import dashboard
from boards.panels import series, stat, steps
from boards.queries import MODEL, TARGET, query, rate

LOSS_COLORS = steps((None, "green"), (0.01, "red"))
GAP_COLORS = steps((None, "red"), (0, "green"), (1, "red"))

SAMPLED = [
    series(
        "Kept share by stratum",
        "Share of the answered rows that was sampled.",
        [
            query(
                f"""{rate("model_stratum_rows_total", "model_name, stratum", f'{MODEL}, outcome="kept"')} / """
                f"""{rate("model_stratum_rows_total", "model_name, stratum", f'{MODEL}, outcome="seen"')}""",
                "{{model_name}} {{stratum}}",
            )
        ],
        "percentunit",
    ),
    series(
        "Waiting for the observer",
        "Bytes in the rings between serving and the observer.",
        [query(f"sum by (instance) (driftserve_tap_queued_bytes{{{TARGET}}})", "{{instance}}")],
        "bytes",
        runbooks=["DriftserveSamplesDropped"],
    ),
    stat(
        "Dropped samples",
        "Requests with selected rows that found the ring to the observer full, a second.",
        rate("driftserve_tap_dropped_samples_total", "instance", TARGET),
        "cps",
        "{{instance}}",
        LOSS_COLORS,
        width=8,
        runbooks=["DriftserveSamplesDropped"],
    ),
]

DELIVERED = [
    series(
        "Records by outcome",
        "Sampled records a second, and where they end.",
        [query(rate("driftserve_records_total", "outcome", TARGET), "{{outcome}}")],
        "cps",
    ),
    series(
        "Records in flight",
        "Records queued or sent, without an answer yet.",
        [query(f"sum by (instance) (driftserve_records_in_flight{{{TARGET}}})", "{{instance}}")],
        "short",
    ),
    series(
        "Behind the broker",
        "How long a record waits for its acknowledgement, on average: records in flight over those "
        "acknowledged a second.",
        [
            query(
                f"sum by (instance) (driftserve_records_in_flight{{{TARGET}}}) / "
                + rate("driftserve_records_total", "instance", f'{TARGET}, outcome="acknowledged"'),
                "{{instance}}",
            )
        ],
        "s",
    ),
    series(
        "Dropped records by reason",
        "Sampled records that consumers will miss, a second.",
        [
            query(
                rate("driftserve_records_total", "instance, reason", f'{TARGET}, outcome="dropped"'),
                "{{instance}} {{reason}}",
            )
        ],
        "cps",
        runbooks=["DriftserveRecordsDropped"],
    ),
    series(
        "Drift events",
        "State changes a second on their way to the events topic, and where they end.",
        [query(rate("driftserve_events_total", "outcome", TARGET), "{{outcome}}")],
        "cps",
    ),
    stat(
        "Unaccounted records",
        "sampled − acknowledged − in flight − dropped: 0 but for what moved during the scrape.",
        f'sum by (instance) (driftserve_records_total{{{TARGET}, outcome="sampled"}})'
        f' - sum by (instance) (driftserve_records_total{{{TARGET}, outcome=~"acknowledged|dropped"}})'
        f" - sum by (instance) (driftserve_records_in_flight{{{TARGET}}})",
        "short",
        "{{instance}}",
        GAP_COLORS,
        width=8,
    ),
]

CONSUMED = [
    series(
        "Lag of drift watch",
        "Messages in a member's partitions that it has not taken. Members of `drift watch` export it.",
        [query(f"sum by (instance) (driftserve_watch_lag_messages{{{TARGET}}})", "{{instance}}")],
        "short",
    ),
    series(
        "Messages of drift watch",
        "Messages taken from the topic a second: rows of a watched model, or skipped, by reason.",
        [query(rate("driftserve_watch_messages_total", "outcome, reason", TARGET), "{{outcome}} {{reason}}")],
        "cps",
    ),
    series(
        "Repeated request ids",
        "Requests a second whose id came before: ids that are not unique spoil sampling by id and the join of labels.",
        [query(rate("driftserve_repeated_request_ids_total", "model_name"), "{{model_name}}")],
        "cps",
    ),
    series(
        "Connections to the operations port",
        "Scrapes, probes and pages a second; refused and incomplete ones are clients in trouble.",
        [query(rate("driftserve_operations_connections_total", "outcome", TARGET), "{{outcome}}")],
        "cps",
        width=24,
        height=6,
    ),
]

BOARD = dashboard("pipeline", __doc__, (("Sampling", SAMPLED), ("Records", DELIVERED), ("Consumers", CONSUMED)))
