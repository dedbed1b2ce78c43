"""Reads the rules and dashboards of deploy/monitoring."""

import json
import re
from typing import Any

import yaml

from operations.install.paths import ROOT

MONITORING = ROOT / "deploy" / "monitoring"
#: A name that selects series: neither a function, nor a keyword, nor a label in a list of labels.
SELECTOR = re.compile(r"\b(impex_\w+|process_\w+|up|ALERTS)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


def expressions(where: str) -> list[str]:
    """Every query of `alerts.yml`, or of the files in `dashboards`."""
    if where == "alerts.yml":
        return [rule["expr"] for rule in rules()]
    boards = [json.loads(one.read_text("utf-8")) for one in sorted((MONITORING / where).iterdir())]
    return [
        target["expr"]
        for board in boards
        for panel in board["panels"]
        for target in panel["targets"]
    ]


def metrics_of(query: str) -> set[str]:
    """The names of the series that a query selects."""
    return {name for name, _ in SELECTOR.findall(query)}


def labels_of(query: str, metric: str) -> dict[str, str]:
    """The labels that select series of a metric, each with a regular expression of its values."""
    found: dict[str, str] = {}
    for name, matchers in SELECTOR.findall(query):
        if name == metric:
            for label, operator, text in MATCHER.findall(matchers):
                if operator in ("=", "=~"):
                    found[label] = text.replace("\\\\", "\\")
    return found
