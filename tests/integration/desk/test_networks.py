"""The desk answers the agency's networks only, where a setting names them."""

import json

import pytest

from tests.support.logs import written_log
from tests.support.servers.desk import Desk, running_desk

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_another_network_is_refused_whatever_it_asks_for(desk: Desk) -> None:
    """Behind a proxy the network is the client's, not the proxy's."""
    settings = {"IMPEX_DESK_NETWORKS": "10.1.0.0/16", "IMPEX_TRUSTED_PROXIES": "127.0.0.1/32"}
    async with running_desk(desk.system, **settings) as closed:
        browser = closed.browser()
        for path in ("/", "/aide", "/static/0000000000000000/js/theme.mjs", "/nowhere"):
            with written_log() as written:
                page = await browser.send("GET", path, headers={"X-Forwarded-For": "192.0.2.7"})
            assert page.status == 403
            assert "réseaux de l'agence" in page.text
            lines = [json.loads(line) for line in written.getvalue().splitlines()]
            (line,) = [one for one in lines if one["action"] == "authz_fail"]
            assert line["network"] == "192.0.2.0/24"
        inside = await browser.send("GET", "/aide", headers={"X-Forwarded-For": "10.1.2.3"})
        assert inside.status == 200
        assert (await browser.send("GET", "/aide")).status == 403, "the proxy itself"


async def test_without_the_setting_every_network_is_answered(desk: Desk) -> None:
    page = await desk.browser().get("/")
    assert page.path == "/connexion"
    assert "Connexion des agents" in page.text


@pytest.mark.parametrize("path", ["/inscription", "/accueil", "/compte", "/mot-de-passe-oublie"])
async def test_the_desk_has_no_page_of_the_portal(desk: Desk, path: str) -> None:
    assert (await desk.browser().send("GET", path)).status == 404
