"""The addresses of the portal stay as they are: bookmarks, mails and other systems lead to them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from aiohttp import web

from services.gateway.routes import setup_routes

TABLE = Path(__file__).with_name("routes.txt")


def test_every_address_answers_to_the_methods_of_the_table_and_no_other_exists() -> None:
    app = web.Application()
    setup_routes(app)
    methods: dict[str, set[str]] = defaultdict(set)
    for route in app.router.routes():
        assert route.resource is not None
        methods[route.resource.canonical].add(route.method)
    found = sorted(f"{path} {' '.join(sorted(methods[path]))}" for path in methods)
    assert found == TABLE.read_text("utf-8").splitlines()
