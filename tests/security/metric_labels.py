"""Whether the labels of metrics have values from sets that are known before, and no others."""

import re
from collections.abc import Iterable, Mapping

from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from operations import service_registry
from services.gateway.app import PAGES as PORTAL_PAGES
from services.gateway.desk.app import PAGES as DESK_PAGES
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import JsonQuestion, Page, Routes
from services.mailer.mail_templates import TEMPLATES
from shared.contracts import load_contracts
from shared.contracts.base import EVENTS, REQUESTS
from shared.messaging.topology import RETRY_DELAYS
from shared.runtime.metrics import DESCRIPTIONS
from shared.version import VERSION

#: Of the client library; it has no labels.
LIBRARY = "process_"
HISTOGRAM = ("_bucket", "_count", "_sum")


def unexpected_labels(pages: Iterable[str]) -> set[str]:
    """Samples of metrics pages whose name or whose labels are not documented."""
    allowed, found = _allowed(), set()
    for page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if not sample.name.startswith(LIBRARY) and not _is_documented(
                    sample.name, sample.labels, allowed
                ):
                    found.add(f"{sample.name} {sample.labels}")
    return found


def _is_documented(
    name: str, labels: Mapping[str, str], allowed: Mapping[str, set[str] | re.Pattern[str]]
) -> bool:
    metric = DESCRIPTIONS.get(name)
    given = dict(labels)
    if metric is None:
        base = next((name.removesuffix(end) for end in HISTOGRAM if name.endswith(end)), "")
        metric = DESCRIPTIONS.get(base)
        given.pop("le", None)
    if metric is None or given.keys() != metric.labels.keys():
        return False
    for label, value in given.items():
        values = metric.labels[label]
        known = set(values) if isinstance(values, tuple) else allowed[label]
        if not (known.fullmatch(value) if isinstance(known, re.Pattern) else value in known):
            return False
    return True


def _allowed() -> dict[str, set[str] | re.Pattern[str]]:
    load_contracts()
    names = service_registry.service_names()
    ends = ("", ".dead", ".requests", ".refusals", *(f".retry.{step}" for step in RETRY_DELAYS))
    return {
        "service": set(names),
        "type": {*EVENTS, *REQUESTS, "unknown"},
        "template": set(TEMPLATES),
        "route": {*_routes(PORTAL_PAGES), *_routes(DESK_PAGES), "none"},
        "queue": {f"{name}{end}" for name in names for end in ends},
        "status": re.compile(r"[1-5]\d\d"),
        "version": {VERSION},
    }


def _routes(pages: Iterable[Page | JsonQuestion]) -> set[str]:
    """Every route of a front end, written as in the metrics: without patterns."""
    router = web.UrlDispatcher()
    setup_routes(router, Routes(pages))
    return {resource.canonical for resource in router.resources()}
