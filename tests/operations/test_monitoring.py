"""Alert rules and dashboards of deploy/monitoring: valid, about metrics that exist, explained.

`test_up.py` compares the names with what running services show.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations import service_registry
from operations.install.paths import ROOT
from shared.runtime.metrics import DESCRIPTIONS
from tests.support.monitoring import MONITORING, expressions, labels_of, metrics_of, rules

#: What each alert fires on, one or more series, a value each minute; the others are at rest.
FIRING: dict[str, dict[str, str]] = {
    "ServiceDown": {'up{job="impex",process="mfa",instance="a"}': "0x20"},
    "ServiceNotReady": {'impex_ready{service="mfa"}': "0x20"},
    "ServiceRestarts": {
        'process_start_time_seconds{job="impex",process="mfa"}': "1x8 2 3 4x20",
    },
    "EventsNotPublished": {'impex_outbox_oldest_seconds{service="mfa"}': "50+10x20"},
    "EventsWait": {'impex_queue_messages{service="mailer",queue="mailer"}': "200x20"},
    "EventsRetried": {
        'impex_messages_total{service="mailer",type="a.B.v1",outcome="retry"}': "0+2x20",
    },
    "DeadLetters": {'impex_queue_messages{service="mailer",queue="mailer.dead"}': "1x20"},
    "RequestsFail": {
        'impex_requests_total{service="mfa",type="a.B.v1",outcome="failed"}': "0+1x20"
    },
    "RequestsSlow": {
        'impex_request_seconds_bucket{service="mfa",type="a.B.v1",le="1"}': "0x20",
        'impex_request_seconds_bucket{service="mfa",type="a.B.v1",le="5"}': "0+9x20",
        'impex_request_seconds_bucket{service="mfa",type="a.B.v1",le="+Inf"}': "0+9x20",
    },
    "PagesFail": {
        'impex_http_requests_total{process="gateway",route="/",status="200"}': "0+90x20",
        'impex_http_requests_total{process="gateway",route="/",status="503"}': "0+9x20",
    },
    "MailServerAway": {'impex_mail_server_up{process="mailer"}': "0x20"},
    "MailsWait": {'impex_oldest_mail_seconds{process="mailer"}': "280+60x20"},
    "MailsRefused": {
        'impex_mails_total{template="a",outcome="accepted"}': "0+1x20",
        'impex_mails_total{template="a",outcome="refused"}': "0+1x20",
    },
    "MailsHeld": {'impex_mails_waiting{state="held"}': "1x20"},
    "PartnerQueueFills": {
        'impex_partner_messages{partner="labo",state="ready",instance="a"}': "7000+200x20",
        'impex_partner_messages{partner="labo",state="ready",instance="b"}': "7000+200x20",
        'impex_partner_messages{partner="labo",state="dead",instance="a"}': "2000x20",
    },
    "PushWaits": {"impex_push_oldest_seconds": "21000+120x20"},
    "DatabaseConnectionsUsed": {
        'impex_database_connections{service="mfa",state="used"}': "10x20",
        'impex_database_connections{service="mfa",state="limit"}': "10x20",
    },
    "ClockNotSynchronised": {'impex_clock_synchronised{service="mfa"}': "0x20"},
    "ClockOff": {'impex_clock_offset_seconds{service="mfa"}': "-9x20"},
    "PasswordSpraying": {
        'impex_spraying_alarms_total{service="registration",by="network"}': "0x6 1x20",
    },
    "SignInsRefused": {
        'impex_sign_ins_total{service="registration",outcome="right"}': "0+1x20",
        'impex_sign_ins_total{service="registration",outcome="wrong"}': "0+50x20",
    },
}
#: The same series where nothing is wrong.
AT_REST: dict[str, str] = {
    'up{job="impex",process="mfa",instance="a"}': "1x20",
    'impex_ready{service="mfa"}': "1x20",
    'process_start_time_seconds{job="impex",process="mfa"}': "1x20",
    'impex_outbox_oldest_seconds{service="mfa"}': "0 3 0 2 0 1x20",
    'impex_queue_messages{service="mailer",queue="mailer"}': "9x20",
    'impex_queue_messages{service="mailer",queue="mailer.retry.5s"}': "500x20",
    'impex_queue_messages{service="mailer",queue="mailer.dead"}': "0x20",
    'impex_messages_total{service="mailer",type="a.B.v1",outcome="handled"}': "0+90x20",
    'impex_messages_total{service="mailer",type="a.B.v1",outcome="retry"}': "0 0 1x20",
    'impex_requests_total{service="mfa",type="a.B.v1",outcome="replied"}': "0+90x20",
    'impex_requests_total{service="mfa",type="a.B.v1",outcome="refused"}': "0+90x20",
    'impex_requests_total{service="mfa",type="a.B.v1",outcome="failed"}': "0 0 1x20",
    'impex_request_seconds_bucket{service="mfa",type="a.B.v1",le="1"}': "0+9x20",
    'impex_request_seconds_bucket{service="mfa",type="a.B.v1",le="+Inf"}': "0+9x20",
    'impex_http_requests_total{process="gateway",route="/",status="200"}': "0+90x20",
    'impex_http_requests_total{process="gateway",route="/",status="404"}': "0+90x20",
    'impex_mail_server_up{process="mailer"}': "1x20",
    'impex_oldest_mail_seconds{process="mailer"}': "0 9 1x20",
    'impex_mails_total{template="a",outcome="accepted"}': "0+90x20",
    'impex_mails_total{template="a",outcome="refused"}': "0+1x20",
    'impex_mails_waiting{state="held"}': "0x20",
    'impex_mails_waiting{state="deferred"}': "5x20",
    'impex_partner_messages{partner="labo",state="ready",instance="a"}': "9000 0 0 9000x20",
    'impex_partner_messages{partner="labo",state="ready",instance="b"}': "9000 0 0 9000x20",
    'impex_partner_messages{partner="other",state="ready",instance="a"}': "9000x20",
    "impex_push_oldest_seconds": "3000x20",
    'impex_database_connections{service="mfa",state="used"}': "3x20",
    'impex_database_connections{service="mfa",state="limit"}': "10x20",
    'impex_clock_synchronised{service="mfa"}': "1x20",
    'impex_clock_offset_seconds{service="mfa"}': "-0.01x20",
    'impex_spraying_alarms_total{service="registration",by="network"}': "1x20",
    'impex_sign_ins_total{service="registration",outcome="right"}': "0+50x20",
    'impex_sign_ins_total{service="registration",outcome="wrong"}': "0+20x20",
}


def promtool(*arguments: str, folder: Path = MONITORING) -> str:
    """What promtool says; it fails the test where it refuses."""
    done = subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def test_mq_07_prometheus_accepts_the_configuration_and_every_rule() -> None:
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")
    assert f"{len(rules())} rules found" in promtool("check", "rules", "alerts.yml")


def test_mq_07_each_alert_fires_when_it_should_and_none_at_rest(tmp_path: Path) -> None:
    def case(series: dict[str, str], firing: str | None) -> dict[str, Any]:
        given = [{"series": name, "values": values} for name, values in series.items()]
        alerts = [
            {"eval_time": "18m", "alertname": each["alert"], "exp_alerts": []}
            for each in rules()
            if each["alert"] != firing
        ]
        fired = {"expr": f'count(ALERTS{{alertname="{firing}",alertstate="firing"}})'}
        fired |= {"eval_time": "18m", "exp_samples": [{"labels": "{}", "value": 1}]}
        tests: dict[str, Any] = {"interval": "1m", "input_series": given}
        tests["alert_rule_test"] = alerts
        if firing:
            tests |= {"promql_expr_test": [fired], "name": firing}
        return tests

    assert set(FIRING) == {each["alert"] for each in rules()}
    cases = [case(AT_REST, None)]
    cases += [case({**AT_REST, **series}, alert) for alert, series in FIRING.items()]
    file = tmp_path / "tests.yml"
    text = {"rule_files": [str(MONITORING / "alerts.yml")], "tests": cases}
    file.write_text(json.dumps({**text, "evaluation_interval": "1m"}))
    assert "SUCCESS" in promtool("test", "rules", str(file))


def test_every_query_of_a_dashboard_is_one(tmp_path: Path) -> None:
    queries = expressions("dashboards")
    assert len(queries) > 30
    named = [{"record": f"query_{n}", "expr": query} for n, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": named}]}))
    assert "SUCCESS" in promtool("check", "rules", str(file))


@pytest.mark.parametrize("where", ["dashboards", "alerts.yml"])
def test_queries_use_metrics_and_labels_that_exist(where: str) -> None:
    service_registry.services()  # whose modules make the metrics
    of_target = {"job", "instance", "process"}
    for query in expressions(where):
        assert set(re.findall(r"([a-zA-Z_:]\w*)\s*[{[]", query)) <= metrics_of(query), query
        for name in metrics_of(query):
            if name in ("up", "ALERTS") or name.startswith("process_"):
                continue
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            described = DESCRIPTIONS.get(name) or DESCRIPTIONS.get(base)
            assert described is not None, name
            assert described.kind == "histogram" or name in DESCRIPTIONS, name
            for label, values in labels_of(query, name).items():
                known = {*described.labels, *of_target, "le"}
                assert label in known, (label, query)
                listed = described.labels.get(label)
                if isinstance(listed, tuple):
                    matching = [one for one in listed if re.fullmatch(values, one)]
                    assert matching, f"{label} is never {values}: {query}"


def test_every_metric_is_on_a_dashboard() -> None:
    service_registry.services()  # whose modules make the metrics
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", name) if name not in DESCRIPTIONS else name
        for query in expressions("dashboards")
        for name in metrics_of(query)
    }
    assert sorted(set(DESCRIPTIONS) - shown) == []


def test_panels_of_a_dashboard_are_distinct_and_do_not_overlap() -> None:
    for file in sorted((MONITORING / "dashboards").iterdir()):
        panels = json.loads(file.read_text("utf-8"))["panels"]
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            at = panel["gridPos"]
            columns = range(at["x"], at["x"] + at["w"])
            mine = {(x, y) for x in columns for y in range(at["y"], at["y"] + at["h"])}
            assert columns.stop <= 24, panel["title"]
            assert not mine & taken, panel["title"]
            taken |= mine
        for name in ("id", "title"):
            assert len({panel[name] for panel in panels}) == len(panels), file


def test_each_alert_has_a_severity_and_a_section_in_the_runbook() -> None:
    sections = re.findall(r"^### (\w+)$", (ROOT / "docs/runbook.md").read_text("utf-8"), re.M)
    assert set(FIRING) <= set(sections)
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_the_targets_are_the_health_ports_of_the_example_settings() -> None:
    example = (ROOT / "deploy/impex.env.example").read_text("utf-8")
    ports = dict(re.findall(r"^IMPEX_(\w+)_HEALTH_PORT=(\d+)$", example, re.M))
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    targets = {one["labels"]["process"]: one["targets"] for one in job["static_configs"]}
    assert targets == {name.lower(): [f"127.0.0.1:{port}"] for name, port in ports.items()}
    assert set(targets) == set(service_registry.service_names())
