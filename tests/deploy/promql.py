"""The vector selectors of a PromQL expression, without a parser: enough for expressions that promtool accepts."""

import dataclasses
import re

# Words that are no metric; functions and aggregations are told by the parenthesis or grouping after them.
KEYWORDS = {
    "and",
    "or",
    "unless",
    "offset",
    "bool",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "inf",
    "nan",
}
STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
METRIC = re.compile(r"(?<![\w:$.])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()(\{[^{}]*\})?(\[[^\]]*\])?")


@dataclasses.dataclass
class Selector:
    metric: str
    matchers: dict  # label → "=~$job": operator and value
    range: str  # what is between the brackets, or ""
    function: str  # the name before the parenthesis that the selector directly follows, or ""


def _blank(match):
    return " " * len(match.group())


def selectors(expression):
    """Every selector in order. Strings and groupings are blanked before names are looked for, matchers read after."""
    plain = GROUPING.sub(_blank, STRING.sub(lambda match: "~" * len(match.group()), expression))
    found = []
    for match in METRIC.finditer(plain):
        name = match.group(1)
        inside = plain.rfind("{", 0, match.start()) > plain.rfind("}", 0, match.start())
        if inside or name.lower() in KEYWORDS or _is_aggregation(expression[match.end(1) :]):
            continue
        if plain.rfind("[", 0, match.start()) > plain.rfind("]", 0, match.start()):
            continue  # a duration
        block = expression[match.start(2) : match.end(2)] if match.group(2) else ""
        matchers = {
            label: operator + value
            for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"', block)
        }
        function = re.search(r"(\w+)\s*\(\s*$", plain[: match.start()])
        found.append(Selector(name, matchers, (match.group(3) or "[]")[1:-1], function.group(1) if function else ""))
    return found


def _is_aggregation(rest):
    """`sum by (…) (…)`: the name is followed by a grouping."""
    return re.match(r"\s*(?:by|without)\s*\(", rest) is not None
