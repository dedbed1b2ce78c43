"""Paths with variable parts: URLs by name, pages by path, forms saved for one object."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.gateway.http.forms import Form
from services.gateway.http.routes import ROUTES, Page, Routes, page_key, url


async def show(_request: web.Request, _form: Form) -> web.StreamResponse:
    return web.Response()


async def submit(_request: web.Request, _fields: dict[str, str]) -> web.StreamResponse:
    return web.Response()


LIST = Page("list", "/demandes", show_form=show, login_target="demandes")
NEW = Page("new", "/demandes/nouvelle", show_form=show)
ONE = Page(
    "one",
    "/demandes/{number}",
    show_form=show,
    submit=submit,
    fields="text",
    login_target="demande",
)
TAKE = Page("take", "/demandes/{number}/prendre", submit=submit, shown_on="one")
ACT = Page("act", "/comptes/{account}/actes/{act}", show_form=show, login_target="acte")
PAGES = (LIST, NEW, ONE, TAKE, ACT)


def request_of(path: str, **match_info: str) -> web.Request:
    """A request as a view gets it."""
    app = web.Application()
    app[ROUTES] = Routes(PAGES)
    return make_mocked_request("GET", path, app=app, match_info=match_info)


def test_a_url_takes_the_values_of_its_path_and_the_rest_as_query() -> None:
    routes = Routes(PAGES)
    assert routes.url("one", number="TEL-A") == "/demandes/TEL-A"
    assert (
        routes.url("act", account="7", act="block", saisie="x") == "/comptes/7/actes/block?saisie=x"
    )
    with pytest.raises(KeyError):
        routes.url("one")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/demandes", "list"),
        ("/demandes/TEL-A", "one"),
        ("/demandes/TEL-A/prendre", "take"),
        ("/comptes/7/actes/block", "act"),
        ("/demandes/{number}", "one"),
        ("/demandes/", None),
        ("/demandes/a/b", None),
        ("/demandes/a%2Fb", None),
        ("/demandes/" + "a" * 65, None),
        ("/demandes/a\n", None),
    ],
)
def test_a_path_has_one_page_or_none(path: str, name: str | None) -> None:
    found = Routes(PAGES).at(path)
    assert (found.name if found else None) == name


def test_a_page_keeps_the_values_of_the_request() -> None:
    request = request_of("/demandes/TEL-A/prendre", number="TEL-A")
    assert url(request, "one") == "/demandes/TEL-A"
    assert url(request, "one", number="TEL-B") == "/demandes/TEL-B"
    switch = request_of("/langue?de=/demandes/TEL-A")
    assert url(switch, "one") == "/demandes/TEL-A"


def test_a_form_is_saved_for_one_object() -> None:
    """What was typed about one request is not shown on the page of another one."""
    first = request_of("/demandes/TEL-A", number="TEL-A")
    second = request_of("/demandes/TEL-B", number="TEL-B")
    assert page_key(first, ONE) == "one TEL-A"
    assert page_key(second, ONE) == "one TEL-B"
    assert page_key(first, LIST) == "list"


def test_targets_of_variable_paths() -> None:
    routes = Routes(PAGES)
    assert routes.language_target("/demandes/TEL-A") == "/demandes/TEL-A"
    assert routes.language_target("/demandes/TEL-A/prendre") == "/"
    assert ONE.keeps_forms
    assert not Page("plain", "/plain", show_form=show).keeps_forms


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/demandes", "demandes"),
        ("/demandes/TEL-A", "demande/TEL-A"),
        ("/demandes/TEL-A/prendre", "demande/TEL-A"),
        ("/demandes/TEL-A.pdf", "demande/TEL-A"),
        ("/demandes/nouvelle", "demandes"),
        ("/comptes/7/actes/block", "acte/7/block"),
        ("/comptes/7/actes", ""),
        ("/autre", ""),
        ("/", ""),
    ],
)
def test_the_sign_in_leads_back_to_the_object_of_a_path(path: str, target: str) -> None:
    routes = Routes(PAGES)
    assert routes.login_target_above(path) == target
    found = routes.find_login_target(target)
    assert (found is None) == (target == "")


@pytest.mark.parametrize(
    "target",
    [
        "demande",
        "demande/TEL-A/x",
        "demandes/TEL-A",
        "demande/..",
        "demande//evil.example",
        "demande/a%2Fb",
        "demande/nouvelle",
        "demande/" + "a" * 65,
        "//evil.example",
        "https://evil.example/",
    ],
)
def test_au_15_no_other_target_leads_anywhere(target: str) -> None:
    assert Routes(PAGES).find_login_target(target) is None


async def test_the_router_accepts_what_a_page_accepts() -> None:
    router = web.UrlDispatcher()
    router.add_get(ONE.route, show)  # type: ignore[arg-type]
    assert [resource.canonical for resource in router.resources()] == ["/demandes/{number}"]
