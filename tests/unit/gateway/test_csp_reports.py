"""S-15: reports about the content policy are limited by network and in all."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from services.gateway.http import csp_reports
from services.gateway.http.csp_reports import (
    CSP_REPORTS,
    CSP_REPORTS_BY_NETWORK,
    MAX_PER_MINUTE,
    MAX_PER_NETWORK,
)
from services.gateway.http.sliding_window import SlidingWindow
from services.gateway.sessions.request_state import REQUEST_STATE


class Request(dict[Any, Any]):
    """What `receive` reads of a request: the limits, and the network it came from."""

    def __init__(self, app: dict[Any, Any], network: str) -> None:
        super().__init__({REQUEST_STATE: SimpleNamespace(network=network)})
        self.app = app


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """Fresh limits; every report is the same."""

    async def report(_request: web.Request) -> object:
        return {"csp-report": {"effective-directive": "script-src"}}

    monkeypatch.setattr(csp_reports, "read_report", report)
    return {
        CSP_REPORTS: SlidingWindow(MAX_PER_MINUTE, 60),
        CSP_REPORTS_BY_NETWORK: SlidingWindow(MAX_PER_NETWORK, 60),
    }


async def logged(app: dict[Any, Any], network: str, times: int) -> int:
    """How many of so many reports of a network are logged; each is answered alike."""
    with capture_logs() as lines:
        for _ in range(times):
            answer = await csp_reports.receive(cast(web.Request, Request(app, network)))
            assert answer.status == 204
    return len(lines)


async def test_s_15_a_network_that_floods_does_not_drown_the_others(app: dict[Any, Any]) -> None:
    assert await logged(app, "203.0.113.0/24", 1_000) == MAX_PER_NETWORK
    assert await logged(app, "198.51.100.0/24", 3) == 3
    assert await logged(app, "2001:db8::/56", MAX_PER_NETWORK + 5) == MAX_PER_NETWORK


async def test_s_05_a_48_of_ipv6_is_one_network(app: dict[Any, Any]) -> None:
    found = [await logged(app, f"2001:db8:0:{number:x}::/64", 1) for number in range(20)]
    assert sum(found) == MAX_PER_NETWORK


async def test_s_15_all_networks_together_have_a_limit(app: dict[Any, Any]) -> None:
    found = [await logged(app, f"10.0.{number}.0/24", 1) for number in range(MAX_PER_MINUTE + 9)]
    assert sum(found) == MAX_PER_MINUTE
