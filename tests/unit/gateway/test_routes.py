"""The addresses of the portal stay as they are: bookmarks, mails and other systems lead to them."""

import re
from collections import defaultdict
from pathlib import Path

from aiohttp import web

from services.gateway.app import PAGES
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import Routes
from services.gateway.portal.resources import GATEWAY, STATIC, TEMPLATES

TABLE = Path(__file__).with_name("routes.txt")


def test_every_address_answers_to_the_methods_of_the_table_and_no_other_exists() -> None:
    app = web.Application()
    setup_routes(app.router, Routes(PAGES))
    methods: dict[str, set[str]] = defaultdict(set)
    for route in app.router.routes():
        assert route.resource is not None
        methods[route.resource.canonical].add(route.method)
    found = sorted(f"{path} {' '.join(sorted(methods[path]))}" for path in methods)
    assert found == TABLE.read_text("utf-8").splitlines()


#: A page's path as a string, or as an attribute or the text between two tags of a template.
LITERAL = re.compile(r"""["'}>](/[a-z][a-z-]*(?:/[a-z-]+)*)(?=["'#?{<])""")


def test_no_template_and_no_view_holds_the_path_of_a_page() -> None:
    """Paths are in the declarations only: templates use url("name"), views redirect by name."""
    paths = {one.path for one in Routes(PAGES).declared}
    for path in sorted(GATEWAY.rglob("*.*")):
        if path.suffix == ".html" or (path.suffix == ".py" and not path.name.endswith("routes.py")):
            text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
            found = {literal for literal in LITERAL.findall(text) if literal in paths}
            assert not found, f"{path.relative_to(GATEWAY)}: {found}"


def test_names_of_templates_and_static_files_are_unique() -> None:
    for folders in (TEMPLATES, STATIC):
        names = [
            str(file.relative_to(folder))
            for folder in folders
            for file in folder.rglob("*.*")
            if file.is_file()
        ]
        assert len(names) == len(set(names))
