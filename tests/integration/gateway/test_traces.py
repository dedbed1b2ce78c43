"""LG-01: one account request is one trace through gateway, broker, services, database and mail."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from operations.local.processes import free_port
from tests.support.actors.http_browser import HttpBrowser
from tests.support.mail.mail_server import MailServer
from tests.support.servers.portal import PASSWORD
from tests.support.servers.system import System, gateway_settings
from tests.support.servers.trace_collector import CollectedSpan, trace_collector
from tests.support.waiting import eventually

ADDRESS = "pierre.durand@exemple.fr"
#: What must be in the trace, each below the one before: service and name.
WAY = (
    ("gateway", "POST /inscription"),
    ("gateway", "ask registration.RequestAccount.v1"),
    ("registration", "answer registration.RequestAccount.v1"),
    ("mailer", "handle registration.AccountRequested.v1"),
    ("mailer", "mail validation"),
)
#: What says how many statements it took, and how many at least.
STATEMENTS = {
    ("registration", "answer registration.RequestAccount.v1"): 5,
    ("mailer", "handle registration.AccountRequested.v1"): 3,
}


async def test_lg_01_an_account_request_is_one_trace_across_processes(
    system: System, smtp: MailServer
) -> None:
    """With the ids that are in the logs, and without a value of what was typed."""
    async with trace_collector() as collector:
        port = free_port()
        more = {
            **gateway_settings(port),
            "IMPEX_SMTP_URL": smtp.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        running = [system.spawn("registration", "mailer", **more), system.spawn("gateway", **more)]
        for one in running:
            await eventually(one.ready, 60, why="ready")
        async with closing(HttpBrowser(f"http://127.0.0.1:{port}")) as browser:
            page = await browser.get("/inscription")
            person = {"first_name": "Pierre", "last_name": "Durand", "address": ADDRESS}
            await browser.post(page, "/inscription", {**person, "password": PASSWORD})
        await eventually(lambda: smtp.messages, why="the mail is there")
        codes = [await asyncio.to_thread(one.stop) for one in running]
        assert codes == [0, 0]
        spans = collector.spans
    (root,) = [one for one in spans if one.name == "POST /inscription"]
    assert (root.parent_id, root.attributes["http.response.status_code"]) == ("", "303")
    trace = {one.span_id: one for one in spans if one.trace_id == root.trace_id}
    for one in trace.values():
        assert one.parent_id in trace or one is root, f"{one} has no parent"
    above = root
    for service, name in WAY:
        (found,) = [one for one in trace.values() if (one.service, one.name) == (service, name)]
        assert above in chain(found, trace), f"{name} is not below {above.name}"
        above = found if name != "mail validation" else above
    for one in trace.values():
        least = STATEMENTS.get((one.service, one.name), 0)
        assert int(one.attributes.get("impex.statements", 0)) >= least
    assert ("registration", "publish registration.AccountRequested.v1") in {
        (one.service, one.name) for one in trace.values()
    }
    # The logs of each process have the same id.
    for log, action in ((running[0].log, "account_requested"), (running[1].log, "http_request")):
        assert root.trace_id in trace_ids(log, action)
    everything = b"".join(collector.bodies)
    for typed in (ADDRESS, "exemple.fr", "Durand", PASSWORD, "Kvfz9"):
        assert typed.encode() not in everything


@asynccontextmanager
async def closing(browser: HttpBrowser) -> AsyncIterator[HttpBrowser]:
    """Close it also where the test fails."""
    try:
        yield browser
    finally:
        await browser.close()


def chain(span: CollectedSpan, trace: Mapping[str, CollectedSpan]) -> list[CollectedSpan]:
    """A span and all above it."""
    found = [span]
    while found[-1].parent_id:
        found.append(trace[found[-1].parent_id])
    return found


def trace_ids(log: Path, action: str) -> set[str]:
    """The traces of the log's lines about an action."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return {one["trace_id"] for one in lines if one.get("action") == action and "trace_id" in one}
