"""Kinds of panels. `w` and `h` are taken out by frame.layout(), which gives a panel its number and place."""

from boards.queries import STATES, query

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
STATE_MAPPING = [
    {
        "type": "value",
        "options": {
            str(code): {"text": name, "color": color, "index": code} for code, (name, color) in enumerate(STATES)
        },
    }
]
# The series that was clicked; its instance is the address of the operations port. raw: its colon is not encoded.
LIVE_PAGE = {
    "title": "Live page",
    "url": "http://${__field.labels.instance:raw}/drift/${__field.labels.model_name}",
    "targetBlank": True,
}
LEGEND_BELOW = {"displayMode": "list", "placement": "bottom", "showLegend": True}


def steps(*pairs):
    """Thresholds that color a value: (value from which on, color), the first from minus infinity."""
    return [{"value": value, "color": color} for value, color in pairs]


def line_of(name, color):
    """A dashed line in place of the series called `name`."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
            {"id": "custom.lineWidth", "value": 2},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": color}},
        ],
    }


THRESHOLD_LINES = [line_of("warn", "orange"), line_of("alert", "red")]


def runbook(alert):
    return {"title": f"Runbook {alert}", "url": f"${{runbooks:raw}}/{alert}.md", "targetBlank": True}


def panel(kind, title, description, queries, unit="none", width=8, height=8, runbooks=(), live=False, **options):
    """A panel of the queries. `runbooks`: alerts whose pages it links; `live`: its series link the server's live page.
    `options`: defaults, overrides, panel."""
    defaults = {"unit": unit, **options.get("defaults", {})}
    if live:
        defaults["links"] = [LIVE_PAGE]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "w": width,
        "h": height,
        "links": [runbook(alert) for alert in runbooks],
        "targets": [
            {**one, "refId": chr(ord("A") + number), "datasource": DATASOURCE} for number, one in enumerate(queries)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": options.get("overrides", [])},
        "options": options.get("panel", {}),
    }


def series(title, description, queries, unit="none", width=8, **options):
    """Lines over time."""
    custom = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False}
    return panel(
        "timeseries",
        title,
        description,
        queries,
        unit,
        width,
        defaults={"custom": custom, **options.pop("defaults", {})},
        panel={"legend": LEGEND_BELOW, "tooltip": {"mode": "multi", "sort": "desc"}},
        **options,
    )


def stat(title, description, expression, unit="none", legend="{{model_name}}", colors=None, mappings=None, **options):
    """One number a series, and its course."""
    thresholds = {"mode": "absolute", "steps": colors or steps((None, "text"))}
    return panel(
        "stat",
        title,
        description,
        [query(expression, legend)],
        unit,
        options.pop("width", 4),
        5,
        defaults={"thresholds": thresholds, "mappings": mappings or []},
        panel={
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "colorMode": "value",
            "graphMode": "area",
            "textMode": "auto",
        },
        **options,
    )


def state_timeline(title, description, expression, legend, width=12, height=10, **options):
    """Which state held when, a row a series."""
    return panel(
        "state-timeline",
        title,
        description,
        [query(expression, legend)],
        "none",
        width,
        height,
        defaults={"mappings": STATE_MAPPING, "custom": {"fillOpacity": 80, "lineWidth": 0}},
        panel={"mergeValues": True, "showValue": "never", "rowHeight": 0.85},
        **options,
    )


def heat_map(title, description, expression, legend, width=12, height=9, **options):
    """Values over time as colors, a row a series."""
    return panel(
        "heatmap",
        title,
        description,
        [query(expression, legend)],
        "none",
        width,
        height,
        panel={
            "calculate": False,
            "yAxis": {"axisPlacement": "left"},
            "rowsFrame": {"layout": "auto", "value": title},
            "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "min": 0, "reverse": False},
            "cellGap": 1,
            "showValue": "never",
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": False},
        },
        **options,
    )


def bars(title, description, expression, legend, width=6, height=10, **options):
    """The newest values as bars."""
    return panel(
        "bargauge",
        title,
        description,
        [query(expression, legend)],
        "none",
        width,
        height,
        panel={"orientation": "horizontal", "displayMode": "basic", "reduceOptions": {"calcs": ["lastNotNull"]}},
        **options,
    )


def two_histograms(title, description, first, second, names, **options):
    """Bars of two queries side by side, by their label `bin`."""
    overrides = [
        {
            "matcher": {"id": "byName", "options": f"Value #{letter}"},
            "properties": [{"id": "displayName", "value": name}],
        }
        for letter, name in zip("AB", names)
    ]
    made = panel(
        "barchart",
        title,
        description,
        [query(first, names[0], table=True), query(second, names[1], table=True)],
        "percentunit",
        12,
        9,
        overrides=overrides,
        panel={"xField": "bin", "legend": LEGEND_BELOW},
        **options,
    )
    made["transformations"] = [
        {"id": "joinByField", "options": {"byField": "bin", "mode": "outer"}},
        {"id": "organize", "options": {"excludeByName": {"Time": True, "Time 1": True, "Time 2": True}}},
        {"id": "sortBy", "options": {"sort": [{"field": "bin"}]}},
    ]
    return made
