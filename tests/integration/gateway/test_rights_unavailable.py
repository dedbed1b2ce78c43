"""Services needed for a change of address or a data export are unavailable (B-08, B-11, B-14)."""

import json

import pytest

from services.gateway.features.support_requests.support_requests import SupportRequests
from shared.contracts.base import Request
from shared.contracts.mfa.requests import CheckCode
from shared.contracts.registration.holder import (
    ConfirmAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
)
from shared.contracts.registration.views import AddressChangedView
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.rpc_client import RpcClient
from tests.integration.gateway.test_rights import FORM, PROOF, mailed, request_change, settled
from tests.support.actors.account_holder import new_address
from tests.support.intercept import Send, intercept, make_unavailable
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

INPUT_STAYS = "votre saisie est encore sur cette page"


async def _nobody(*_: object, **__: object) -> None:
    raise ServiceUnavailable("nobody answers")


@pytest.mark.parametrize("message", [JudgeAddressChange, CheckCode, RequestAddressChange])
async def test_b_14_the_form_is_returned_with_the_address(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch, message: type[Request]
) -> None:
    person, new = await settled(portal, address), new_address()
    with monkeypatch.context() as patch:
        make_unavailable(patch, message)
        page = await request_change(person, new)
    assert page.status == 503
    assert INPUT_STAYS in page.text
    returned = page.form(FORM)
    assert (returned["address"], returned["password"], returned["code"]) == (new, "", "")
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    given = {"address": new, "password": person.password, "code": person.phone.code()}
    proof = await person.browser.post(page, FORM, given)
    assert proof.path == PROOF
    with monkeypatch.context() as patch:
        make_unavailable(patch, ConfirmAddressChange)
        page = await person.browser.post(proof, PROOF, {"code": await mailed(person)})
    assert (page.status, new in page.text) == (503, True)
    done = await person.browser.post(page, PROOF, {"code": await mailed(person)})
    assert done.path == "/compte"


async def test_b_08_b_14_a_lost_answer_is_requested_again(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is changed, and the page must not report that no change is pending."""
    person, new = await settled(portal, address), new_address()
    proof, lost = await request_change(person, new), iter((True,))

    async def answer_lost(_: ConfirmAddressChange, send: Send) -> AddressChangedView:
        view: AddressChangedView = await send()
        if next(lost, False):
            raise RequestTimeout("no answer")
        return view

    intercept(monkeypatch, ConfirmAddressChange, answer_lost)
    done = await person.browser.post(proof, PROOF, {"code": await mailed(person)})
    assert done.path == "/compte"
    assert "Adresse changée" in done.text
    assert new in done.text


async def test_b_11_an_unavailable_service_is_named(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await settled(portal, address)
    monkeypatch.setattr(RpcClient, "ask", _nobody)
    page = await person.browser.get("/compte/mes-donnees")
    assert page.text.count("Cette partie manque") == 6
    assert "Sessions ouvertes" in page.text
    answer = await person.browser.send("GET", "/compte/mes-donnees.json")
    document = json.loads(answer.body)
    missing = ["registration", "profile", "dossiers", "mfa", "mailer", "support"]
    assert (document["complete"], document["missing"]) == (False, missing)
    assert list(document["services"]) == ["gateway"]


async def test_b_11_a_message_to_support_stays_on_the_form(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await settled(portal, address)
    path, typed = "/compte/correction", {"about": "other", "text": "Rue des <Mimosas>"}
    page = await person.browser.get(path)
    with monkeypatch.context() as patch:
        patch.setattr(SupportRequests, "request_correction", _nobody)
        answer = await person.browser.post(page, path, typed)
    assert answer.status == 503
    assert INPUT_STAYS in answer.text
    text = answer.soup.select_one("#text")
    assert text is not None
    assert text.get_text() == "\nRue des <Mimosas>"
    assert answer.soup.select_one("#about option[value=other][selected]")
    assert answer.form(path)["key"] == page.form(path)["key"]
    assert "reçue" in (await person.browser.post(answer, path, typed)).text
