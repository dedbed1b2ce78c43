"""The addresses of the desk, and that portal and desk have none of each other's pages."""

from collections import defaultdict
from pathlib import Path

from aiohttp import web

from services.gateway.app import PAGES as PORTAL
from services.gateway.desk.app import PAGES
from services.gateway.desk.resources import DESK, STATIC, TEMPLATES
from services.gateway.desk.support import agent_of
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import JsonQuestion, Routes

TABLE = Path(__file__).with_name("routes.txt")
#: What both front ends have, each of its own.
COMMON = {
    "/",
    "/aide",
    "/connexion",
    "/connexion/code",
    "/connexion/telephone",
    "/connexion/telephone/recommencer",
    "/deconnexion",
    "/langue",
    "/session/etat",
    "/session/prolonger",
}

#: Pieces of shared pages that the desk has of its own.
FRAME = [
    "base.html",
    "parts/enrol_help.html",
    "parts/enrol_step.html",
    "parts/footer_content.html",
    "parts/footer_links.html",
    "parts/me.html",
]


def test_every_route_of_the_desk_is_in_the_table() -> None:
    app = web.Application()
    setup_routes(app.router, Routes(PAGES))
    methods: dict[str, set[str]] = defaultdict(set)
    for route in app.router.routes():
        assert route.resource is not None
        methods[route.resource.canonical].add(route.method)
    found = sorted(f"{path} {' '.join(sorted(methods[path]))}" for path in methods)
    assert found == TABLE.read_text("utf-8").splitlines()


def test_portal_and_desk_share_no_address_but_the_named_ones() -> None:
    """An address of the desk is unknown to the portal, and the other way round."""
    assert {one.path for one in PORTAL} & {one.path for one in PAGES} == COMMON


def test_names_of_templates_and_static_files_are_unique_but_for_the_frame() -> None:
    for folders, frame in ((TEMPLATES, FRAME), (STATIC, [])):
        names = [
            str(file.relative_to(folder))
            for folder in folders
            for file in folder.rglob("*.*")
            if file.is_file()
        ]
        twice = sorted({name for name in names if names.count(name) > 1})
        assert twice == frame
    assert all((DESK / "templates" / name).exists() for name in FRAME)


#: Pages that need no sign-in, and those of its steps; a new one is added here on purpose.
OPEN = {"welcome", "sign_in", "invitation", "help", "session_state", "sign_out", "language"}
STEPS = {"sign_in_code", "sign_in_enrolment", "restart_sign_in_enrolment"}


def test_az_01_every_other_page_is_behind_both_factors() -> None:
    for page in PAGES:
        if isinstance(page, JsonQuestion):
            assert page.name == "extend_session"
        elif page.name not in OPEN | STEPS:
            assert page.guard is agent_of, page.name
