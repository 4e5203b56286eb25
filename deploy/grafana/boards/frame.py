"""What every dashboard has: rows, variables, annotations, links."""

from boards.panels import DATASOURCE
from boards.queries import MODEL, TARGET

WIDTH = 24
# Where the pages of deploy/runbooks are served: each dashboard's variable `runbooks`, set at import.
RUNBOOKS = "https://runbooks.example/driftserve"
TAG = "driftserve"


def layout(rows):
    """Numbers the panels and sets them left to right, top to bottom, each row under its title."""
    panels, y = [], 0
    for title, members in rows:
        panels.append(
            {
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "id": len(panels) + 1,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
        )
        x, y, line = 0, y + 1, 0
        for member in members:
            member = dict(member)
            width, height = member.pop("w"), member.pop("h")
            if x + width > WIDTH:
                x, y, line = 0, y + line, 0
            panels.append({"id": len(panels) + 1, **member, "gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x, line = x + width, max(line, height)
        y += line
    return panels


def variable(name, label, expression, several=True):
    """A choice among the values that the query finds."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "refresh": 2,
        "sort": 1,
        "query": {"query": expression, "refId": name},
        "definition": expression,
        "multi": several,
        "includeAll": several,
        "allValue": ".+" if several else None,
        "current": {"text": "All", "value": "$__all"} if several else {},
        "hide": 0,
    }


FEATURE = variable(
    "feature", "Feature", f"label_values(model_feature_reference_ratio{{{MODEL}}}, feature)", several=False
)


def variables(more):
    return [
        {
            "type": "datasource",
            "name": "datasource",
            "label": "Data source",
            "query": "prometheus",
            "current": {},
            "hide": 0,
        },
        {"type": "constant", "name": "runbooks", "label": "Runbooks", "query": RUNBOOKS, "hide": 2},
        variable("job", "Job", "label_values(driftserve_build_info, job)"),
        variable("instance", "Instance", 'label_values(driftserve_build_info{job=~"$job"}, instance)'),
        variable(
            "model_name", "Model", f'label_values(driftserve_model_ready{{{TARGET}, model_name!=""}}, model_name)'
        ),
        *more,
    ]


def annotation(name, color, expression, title, text):
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": color,
        "expr": expression,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
        "useValueForTime": False,
    }


# A version that answers now and did not a minute ago.
ANNOTATIONS = [
    annotation(
        "Model versions",
        "blue",
        f"driftserve_model_ready{{{MODEL}}} == 1 unless driftserve_model_ready{{{MODEL}}} offset 1m == 1",
        "{{model_name}} version {{model_version}}",
        "answers requests on {{instance}}",
    ),
    annotation(
        "Alerts",
        "red",
        'ALERTS{model_name=~"$model_name", alertstate="firing"} unless'
        ' ALERTS{model_name=~"$model_name", alertstate="firing"} offset 1m',
        "{{alertname}}",
        "{{model_name}} {{feature}}{{output}} {{instance}}",
    ),
]


def dashboard(name, description, rows, more_variables=()):
    """The dashboard driftserve-<name>; its file is driftserve-<name>.json."""
    links = [
        {
            "type": "dashboards",
            "title": "driftserve",
            "tags": [TAG],
            "asDropdown": False,
            "includeVars": True,
            "keepTime": True,
            "targetBlank": False,
        },
        {
            "type": "link",
            "title": "Runbooks",
            "url": "${runbooks:raw}/README.md",
            "targetBlank": True,
            "icon": "doc",
            "tooltip": "What each alert means, how to look, what to do",
            "includeVars": False,
            "keepTime": False,
        },
    ]
    return {
        "title": f"driftserve {name}",
        "uid": f"driftserve-{name}",
        "description": description,
        "tags": [TAG],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "timezone": "browser",
        "templating": {"list": variables(more_variables)},
        "annotations": {"list": ANNOTATIONS},
        "panels": layout(rows),
        "links": links,
    }
