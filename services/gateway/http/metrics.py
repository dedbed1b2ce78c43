"""Figures of the portal: answers by route and status, their time, open streams."""

from aiohttp import web
from prometheus_client import Counter, Gauge, Histogram

from services.gateway.http.routes import ROUTES
from shared.runtime.telemetry import REGISTRY

REQUESTS = Counter(
    "impex_http_requests",
    "Answers of the portal.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "impex_http_seconds",
    "Time from a request's head to its answer; streams are left out.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
OPEN_STREAMS = Gauge("impex_http_streams", "Live pages open now.", registry=REGISTRY)

METHODS = ("GET", "HEAD", "POST")


def count_request(request: web.Request, status: int, seconds: float) -> None:
    """Count one response; labels are ours, never what a client sent."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    page = request.app[ROUTES].at(route)
    if page is None or not page.stream:
        SECONDS.labels(route).observe(seconds)
