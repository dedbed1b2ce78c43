"""The addresses of the desk, and that portal and desk have none of each other's pages."""

from collections import defaultdict
from pathlib import Path

from aiohttp import web

from services.gateway.app import PAGES as PORTAL
from services.gateway.desk.app import PAGES
from services.gateway.desk.resources import DESK, STATIC, TEMPLATES
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import Page, Routes

TABLE = Path(__file__).with_name("routes.txt")
#: What both front ends have, each of its own.
COMMON = {"/", "/aide", "/langue"}


def test_every_route_of_the_desk_is_in_the_table() -> None:
    app = web.Application()
    setup_routes(app.router, Routes(PAGES))
    methods: dict[str, set[str]] = defaultdict(set)
    for route in app.router.routes():
        assert route.resource is not None
        methods[route.resource.canonical].add(route.method)
    found = sorted(f"{path} {' '.join(sorted(methods[path]))}" for path in methods)
    assert found == TABLE.read_text("utf-8").splitlines()


def test_portal_and_desk_share_no_page_but_the_named_ones() -> None:
    assert {one.path for one in PORTAL} & {one.path for one in PAGES} == COMMON
    views = {one.show for one in PORTAL if isinstance(one, Page) and one.show}
    assert not views & {one.show for one in PAGES if isinstance(one, Page) and one.show}


def test_names_of_templates_and_static_files_are_unique_but_for_the_frame() -> None:
    for folders, frame in ((TEMPLATES, ["base.html", "parts/me.html"]), (STATIC, [])):
        names = [
            str(file.relative_to(folder))
            for folder in folders
            for file in folder.rglob("*.*")
            if file.is_file()
        ]
        twice = sorted({name for name in names if names.count(name) > 1})
        assert twice == frame
    assert all((DESK / "templates" / name).exists() for name in ("base.html", "parts/me.html"))
