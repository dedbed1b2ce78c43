"""Servers that accept and do not answer: everybody learns of it in time, and nothing is lost.

Unlike those of a killed server, connections stay open and nothing fails by itself: only deadlines
show that nobody answers. Lost heartbeats, which take longer, are tested with the messaging.
"""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from operations.local.processes import Child
from tests.support import eventually
from tests.support.actors.http_browser import HttpResponse
from tests.support.actors.retrying_registrant import RetryingRegistrant, form_of, messages_to
from tests.support.servers.captured_events import capture_events, take_captured
from tests.support.servers.fault_rig import FaultRig
from tests.support.servers.frozen import frozen
from tests.support.servers.portal import PASSWORD

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

#: Seconds until a person has an answer: the deadline of a request, and a busy machine.
ANSWER_SECONDS = 3 + 1.5
PRESSED = {"Sec-Fetch-Site": "same-origin"}
FORM_STAYS = "Ce service ne répond pas. Réessayez dans quelques minutes : votre saisie est encore"
NO_PAGE = "Service momentanément indisponible"
NO_LIST = "La liste de vos dossiers ne répond pas pour l'instant"
#: By what each server's outage begins and ends in the log of a service.
BEGINS = ("broker_lost", "requester_lost", "database_away")
ENDS = ("broker_back", "requester_back", "database_back")

Send = Callable[[], Awaitable[HttpResponse]]


async def _refused(name: str, text: str, send: Send) -> None:
    """503 within the time, with a sentence and when to try again; no password comes back."""
    began = time.monotonic()
    answer = await send()
    took = time.monotonic() - began
    assert (answer.status, answer.headers.get("Retry-After")) == (503, "30"), (name, answer.text)
    assert text in answer.text, (name, answer.text)
    assert PASSWORD not in answer.html, name
    assert took < ANSWER_SECONDS, (name, took)


async def _opened(person: RetryingRegistrant, path: str) -> None:
    """Nothing has to be asked for this page."""
    began = time.monotonic()
    assert (await person.browser.get(path)).status == 200, path
    assert time.monotonic() - began < ANSWER_SECONDS, path


def _health(rig: FaultRig) -> Mapping[str, tuple[int, int, dict[str, bool]]]:
    """By service: the status of liveness, that of readiness, and its checks."""

    def ask(url: str) -> tuple[int, dict[str, bool]]:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    found = {}
    for name, url in rig.supervisor.health_urls().items():
        live, _ = ask(url.replace("/ready", "/live"))
        found[name] = (live, *ask(url))
    return found


@asynccontextmanager
async def _logged(rig: FaultRig) -> AsyncIterator[None]:
    """What the services log meanwhile: an outage is one line at each end, and no secret."""
    logs = rig.supervisor.logs()
    begin = {name: log.stat().st_size for name, log in logs.items()}
    starts = dict(rig.supervisor.starts)
    yield
    assert rig.supervisor.starts == starts, "no service had to be started again"
    for name, log in logs.items():
        text = log.read_bytes()[begin[name] :].decode()
        entries: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
        assert not [one for one in entries if one["level"] in ("error", "critical")], name
        actions = Counter(one["action"] for one in entries)
        for away, back in zip(BEGINS, ENDS, strict=True):
            assert actions[away] == actions[back] <= 1, (name, away, text)
        reasons = [one["reason"] for one in entries if one["action"] in BEGINS]
        assert not [one for one in reasons if one.rstrip().endswith((":", "Error"))], (
            name,
            reasons,
        )
        passwords = [rig.system.database.passwords[name], PASSWORD]
        assert not [one for one in passwords if one in text], name


@pytest.mark.parametrize("target", ["broker", "database"])
async def test_b_08_requests_to_a_frozen_server_are_refused_in_time(
    ready_rig: FaultRig, target: str
) -> None:
    """The forms come back with their input and work afterwards, each once; what needs no answer
    works meanwhile; every event is published; no service has to be started again."""
    rig = ready_rig
    home, password, code = (rig.account_holder() for _ in range(3))
    form, bound = rig.registrant(), rig.registrant()
    await asyncio.gather(home.settle(), password.settle(), code.settle(), bound.ask())
    await bound.open("/inscription/validation")  # what its form answered is used up
    password.another_browser()
    code.another_browser()
    given = await password.fields("/connexion", address=password.address, password=PASSWORD)
    page = await code.give_password()
    digits = page.form("/connexion/code") | {"code": code.shown.code(1)}
    asking = (await form.open("/inscription")).form("/inscription") | form_of(form.address)
    account = await home.open("/compte")

    def press(person: RetryingRegistrant, action: str, fields: dict[str, str]) -> Send:
        return lambda: person.browser.send_form(action, fields, headers=PRESSED)

    def look(person: RetryingRegistrant, path: str) -> Send:
        return lambda: person.browser.get(path)

    child: Child = (rig.servers.rabbit if target == "broker" else rig.servers.postgres).child
    presses = (
        _refused("the password", FORM_STAYS, press(password, "/connexion", given)),
        _refused("the code", FORM_STAYS, press(code, "/connexion/code", digits)),
        _refused("the account", FORM_STAYS, press(form, "/inscription", asking)),
        _refused(
            "the home page", NO_LIST if target == "broker" else NO_PAGE, look(home, "/accueil")
        ),
        _refused("the account page", NO_PAGE, look(home, "/compte")),
        _refused("the information", NO_PAGE, look(home, "/informations")),
        _refused("the bound browser", NO_PAGE, look(bound, "/inscription/validation")),
        _opened(form, "/connexion"),
        _opened(home, "/aide"),
    )
    async with _logged(rig), capture_events(rig.system.broker):
        with frozen(child):
            await asyncio.gather(*presses)
            # Once it is known, nobody waits the whole time again.
            await _refused("again", FORM_STAYS, press(password, "/connexion", given))
            if target == "broker":
                await home.press("/deconnexion", account.form("/deconnexion"))

            async def known() -> bool:
                live, ready, checks = (await asyncio.to_thread(_health, rig))["gateway"]
                assert (live, ready, checks["ready"], checks[target]) == (200, 503, False, False)
                return True

            await eventually(known, 15, every=0.1, why="the portal is not ready")
        await rig.supervisor.ready(30)

        taken = await password.press("/connexion", given)
        assert taken.location == "/connexion/code"
        if digits["code"] not in {code.shown.code(steps) for steps in (0, 1)}:
            digits["code"] = code.shown.code(1)  # a busy machine took its time
        assert (await code.press("/connexion/code", digits)).location == "/informations"
        await form.press("/inscription", asking)
        if target == "database":
            await home.press("/deconnexion", account.form("/deconnexion"))
        await eventually(lambda: messages_to(rig.smtp, form.address), why="the mail with the code")
        await rig.queues_empty()
        events = Counter(one.type for one in (await take_captured(rig.system.broker)).values())
    wanted = {
        "registration.PasswordAccepted.v1": 1,
        "registration.AccountRequested.v1": 1,
        "gateway.SessionOpened.v1": 1,
        "gateway.SessionClosed.v1": 1,
    }
    assert {name: events[name] for name in wanted} == wanted
    assert len(messages_to(rig.smtp, form.address)) == 1
    assert set(code.subjects().values()) == {1}, code.subjects()
