"""`docs/metrics.md`: every metric, with its labels and their values."""

import importlib

from operations import service_registry
from operations.docs.event_tables import GENERATED
from shared.runtime.metrics import DESCRIPTIONS, Description

METRICS_HEAD = f"""\
{GENERATED}

# Metrics

Each service shows its metrics at `/metrics` of its health port, in Prometheus' text format;
never the portal or the desk. [monitoring.md](monitoring.md) says how to collect them.
Several services in one process (`impex run`) share their metrics: each port shows all.

No label is about a person: values come from our own code, from a set that is known before.
Beside these there are `process_start_time_seconds`, which changes with a restart, and the
other `process_…` metrics of Prometheus' client library. A histogram has the series
`NAME_bucket`, with the label `le`, `NAME_sum` and `NAME_count`.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|"""
METRIC_LABELS_HEAD = """
| Label | Its values |
|---|---|"""


def metrics_page() -> str:
    """Every metric that any service has."""
    service_registry.services()  # whose modules make them, as does that of every process:
    importlib.import_module("shared.runtime.lifecycle")
    metrics = [DESCRIPTIONS[name] for name in sorted(DESCRIPTIONS)]
    rows = [_metric_row(each) for each in metrics]
    meanings: dict[tuple[str, str], None] = {}
    for each in metrics:
        for label, values in each.labels.items():
            if isinstance(values, str):
                meanings[label, values] = None
    labels = [f"| `{label}` | {values} |" for label, values in sorted(meanings)]
    return "\n".join([METRICS_HEAD, *rows, METRIC_LABELS_HEAD, *labels]) + "\n"


def _metric_row(metric: Description) -> str:
    labels = "; ".join(
        f"`{name}`" + ("" if isinstance(values, str) else f": {', '.join(values)}")
        for name, values in metric.labels.items()
    )
    return f"| `{metric.name}` | {metric.kind} | {labels or 'none'} | {metric.meaning} |"
