"""Looking at dead letters, replaying, trying and discarding them."""

import asyncio
import sys
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pytest
from pamqp.commands import Basic

from shared.contracts.backoffice import DossierFiled, DossierSaved
from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import EmailVerified, RequestCancelled
from shared.errors import ConfigurationError, Reject
from shared.messaging import hears, topology
from shared.messaging.dead_letters import (
    DeadLetter,
    Selection,
    discard,
    find_letter,
    list_letters,
    redact,
    replay,
    try_replay,
)
from shared.messaging.envelope import wrap
from shared.messaging.letter_groups import group
from shared.messaging.unrouted import collect
from tests.contract.samples import sample
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, forge, now
from tests.support.waiting import eventually


class Broken:
    """A handler that rejects until it is repaired."""

    def __init__(self) -> None:
        self.repaired = False

    def __call__(self, _event: Any, _context: Any) -> None:
        """The act of a `RecordingHandler`."""
        if not self.repaired:
            raise Reject("pierre@example.fr is unknown")


async def _three_dead(bus: BusFixture) -> tuple[Broken, RecordingHandler, list[str]]:
    broken = Broken()
    handler = RecordingHandler(broken)
    await bus.node(
        "mailer",
        hears=(hears(RequestCancelled, handler), hears(EmailVerified, handler)),
    )
    registration = await bus.node("registration", emits=(RequestCancelled, EmailVerified))
    ids = await bus.emit(
        registration,
        RequestCancelled(request_id="1"),
        RequestCancelled(request_id="2"),
        EmailVerified(request_id="3", by="link", verified_at=now()),
    )
    await eventually(lambda: _dead(bus, 3))
    handler.ids.clear()
    return broken, handler, ids


async def _dead(bus: BusFixture, number: int) -> bool:
    return len(await list_letters(bus.broker.url("operator"), "mailer")) == number


async def test_mq_07_dead_letters_are_listed_without_their_content(bus: BusFixture) -> None:
    """MQ-07: service, reason, time and attempts; listing removes nothing."""
    _, _, ids = await _three_dead(bus)
    letters = await list_letters(bus.broker.url("operator"), "mailer")
    assert sorted(letter.id for letter in letters) == sorted(ids)
    for letter in letters:
        assert letter.error == "p***@example.fr is unknown"
        assert (letter.error_type, letter.failed_by, letter.attempt) == ("Reject", "mailer", 1)
        assert letter.age is not None
        assert 0 <= letter.age < 60
        assert "pierre" not in str(asdict(letter))
        assert "request_id" not in str(asdict(letter))
    assert await _dead(bus, 3)


async def test_mq_07_a_replay_has_the_effect_once_and_empties_the_queue(bus: BusFixture) -> None:
    """MQ-07, B-06: one by id, then a type, then all; handled messages are not handled again."""
    broken, handler, ids = await _three_dead(bus)
    broken.repaired = True
    operator = bus.broker.url("operator")

    assert await replay(operator, "mailer", Selection(id=ids[0]), replayed_by="claire") == 1
    await eventually(lambda: handler.ids == [ids[0]])
    assert await replay(operator, "mailer", Selection(type=RequestCancelled.TYPE)) == 1
    await eventually(lambda: handler.ids == ids[:2])
    assert await replay(operator, "mailer") == 1
    await eventually(lambda: handler.ids == ids)
    assert await _dead(bus, 0)
    assert await replay(operator, "mailer") == 0
    assert await bus.count("mailer", "inbox") == 3


async def test_a_replay_that_fails_again_is_dead_again(bus: BusFixture) -> None:
    """As a first attempt, with its own reason."""
    _, handler, ids = await _three_dead(bus)
    assert await replay(bus.broker.url("operator"), "mailer") == 3
    await eventually(lambda: sorted(handler.ids) == sorted(ids))
    await eventually(lambda: _dead(bus, 3))


async def test_a_service_without_dead_letters_is_an_error(bus: BusFixture) -> None:
    """A misspelt name is not an empty list."""
    with pytest.raises(ConfigurationError, match=r"there is no queue maler\.dead"):
        await list_letters(bus.broker.url("operator"), "maler")


async def test_a_message_that_its_owner_did_not_publish_is_never_replayed(bus: BusFixture) -> None:
    """A replay is trusted: it must not authenticate a forged message.

    The mailer reaches another queue by the header `CC`, which the broker does not check.
    """
    node = await bus.node("registration", hears=(hears(MailAccepted, RecordingHandler()),))
    await bus.node(
        "mailer", hears=(hears(RequestCancelled, RecordingHandler()),), emits=(MailAccepted,)
    )
    operator = bus.broker.url("operator")

    async def forged(number: int) -> bool:
        letters = await list_letters(operator, "registration")
        assert not any(letter.publisher_verified for letter in letters)
        assert all(letter.error.startswith("not said by ") for letter in letters)
        return len(letters) == number

    async def forge_both(**properties: Any) -> None:
        """A type that registration owns, and an unknown one."""
        for kind in (RequestCancelled.TYPE, "registration.Later.v1"):
            message_id, body = wrap(
                "registration", RequestCancelled(request_id="r"), subject=None, now=now()
            )
            await forge(
                bus.broker.url("mailer"),
                body.replace(RequestCancelled.TYPE.encode(), kind.encode()),
                key="mailer.MailUnheard.v1",
                message_id=message_id,
                user="mailer",
                headers={"CC": [MailAccepted.TYPE]},
                **properties,
            )

    await forge_both()
    await eventually(lambda: forged(2))
    await node.drain(5)
    # Nobody consumes them: the broker itself moves them to the dead letters.
    await forge_both(expiration="1")
    await eventually(lambda: forged(4))
    assert await replay(operator, "registration") == 0
    assert await try_replay(operator, "registration", Selection()) is None
    assert await forged(4)
    letters = await list_letters(operator, "registration")
    assert {letter.published_by for letter in letters} == {"mailer"}
    some = await discard(
        operator,
        "registration",
        Selection(id=letters[0].code),
        discarded_by="claire",
        reason="forged by a test",
    )
    assert some == 1, "O-05: a code names one letter alone"
    assert len(letters[0].code) == 16, "nobody makes another letter with its code"
    assert await forged(3)
    (aside,) = await list_letters(operator, "", "discarded")
    assert (aside.service, aside.code, aside.published_by) == (
        "registration",
        letters[0].code,
        "mailer",
    )
    assert not aside.publisher_verified
    assert (aside.discarded_by, aside.discard_reason) == ("claire", "forged by a test")


async def test_o_07_a_replay_leaves_its_history(bus: BusFixture) -> None:
    """O-07: who, how often, since when; first failure and publisher stay known."""
    broken, handler, ids = await _three_dead(bus)
    operator = bus.broker.url("operator")
    before = {one.id: one for one in await list_letters(operator, "mailer")}
    for _ in range(2):
        assert await replay(operator, "mailer", replayed_by="claire") == 3
        await eventually(lambda: sorted(handler.ids) == sorted(ids))
        await eventually(lambda: _dead(bus, 3))
        handler.ids.clear()
    for letter in await list_letters(operator, "mailer"):
        first = before[letter.id]
        assert (letter.first_failed_at, letter.first_error) == (
            first.first_failed_at,
            first.first_error,
        )
        assert letter.failed_at > first.failed_at
        assert (letter.replays, letter.replayed_by) == (2, "claire")
        assert letter.published_by == "registration"
    broken.repaired = True


async def test_what_a_publisher_writes_into_headers_is_not_believed(bus: BusFixture) -> None:
    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler(Broken())),))
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="r"), subject=None, now=now()
    )
    await forge(
        bus.broker.url("registration"),
        body,
        key=RequestCancelled.TYPE,
        message_id=message_id,
        user="registration",
        headers={
            "published_by": "gateway",
            "first_failed_at": "1999-01-01T00:00:00+00:00",
            "replays": 7,
            "trial": "operator.replies.00",
        },
    )
    await eventually(lambda: _dead(bus, 1))
    (letter,) = await list_letters(bus.broker.url("operator"), "mailer")
    assert letter.published_by == "registration"
    assert letter.first_failed_at > "2026"
    assert letter.replays == 0


async def test_o_05_letters_are_grouped_by_their_fault(bus: BusFixture) -> None:
    """One line for one fault, however many letters and types; a sample with its content hidden."""
    _, _, ids = await _three_dead(bus)
    operator = bus.broker.url("operator")
    letters = await list_letters(operator, "mailer")
    (one,) = group(letters)
    assert (one.service, one.count) == ("mailer", 3)
    assert one.types == (EmailVerified.TYPE, RequestCancelled.TYPE)
    assert one.first <= one.last
    assert one.sample in letters
    assert all("test_dead_letters" in letter.frames[-1] for letter in letters)
    assert await find_letter(operator, "mailer", Selection(id="nobody")) is None
    found = await find_letter(operator, "mailer", Selection(id=ids[2]))
    assert found is not None
    letter, content = found
    assert redact(content, letter.type) == {
        "request_id": "‹1 character›",
        "by": "‹4 characters›",
        "verified_at": content.data["verified_at"],
    }
    assert content.trace
    assert await replay(operator, "mailer", Selection(fault=one.fault)) == 3


async def test_fifty_looks_lose_no_letter(bus: BusFixture) -> None:
    """Nor change which there are."""
    _, _, ids = await _three_dead(bus)
    operator = bus.broker.url("operator")
    for _ in range(50):
        found = await list_letters(operator, "mailer")
        assert sorted(letter.id for letter in found) == sorted(ids)
    await eventually(lambda: _dead(bus, 3))


async def test_a_trial_shows_what_would_happen_and_changes_nothing(bus: BusFixture) -> None:
    broken, handler, ids = await _three_dead(bus)
    operator, which = bus.broker.url("operator"), Selection(type=RequestCancelled.TYPE)
    failed = await try_replay(operator, "mailer", which)
    assert failed is not None
    assert (failed.outcome, failed.error_type) == ("failed", "Reject")
    assert failed.error == "p***@example.fr is unknown"
    assert "test_dead_letters" in failed.frames
    broken.repaired = True
    good = await try_replay(operator, "mailer", which)
    assert good is not None
    assert good.outcome == "handled"
    assert await bus.count("mailer", "inbox") == 0, "it was undone"
    assert await _dead(bus, 3)
    handler.ids.clear()
    assert await replay(operator, "mailer") == 3
    await eventually(lambda: sorted(handler.ids) == sorted(ids))
    await eventually(lambda: _handled(bus, 3))


async def test_only_the_operator_asks_for_a_trial(bus: BusFixture) -> None:
    """A service that writes the header into a copy of its own is handled as ever."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="r"), subject=None, now=now()
    )
    await forge(
        bus.broker.url("mailer"),
        body,
        key="mailer",
        exchange="mailer.retry",
        message_id=message_id,
        user="mailer",
        headers={"trial": "operator.replies.00"},
    )
    await eventually(lambda: handler.ids == [message_id])
    await eventually(lambda: _handled(bus, 1))


async def test_what_waits_and_what_has_no_subscriber_can_be_looked_at(bus: BusFixture) -> None:
    class Passing:
        def __call__(self, _event: Any, _context: Any) -> None:
            raise RuntimeError("something of the moment")

    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler(Passing())),))
    registration = await bus.node("registration", emits=(RequestCancelled, EmailVerified))
    waiting, unheard = await bus.emit(
        registration,
        RequestCancelled(request_id="1"),
        EmailVerified(request_id="2", by="link", verified_at=now()),
    )
    operator = bus.broker.url("operator")

    async def found(service: str, place: Any) -> list[DeadLetter]:
        return await list_letters(operator, service, place)

    async def one_each() -> bool:
        retry = await found("mailer", "retry")
        return [one.id for one in retry] == [waiting]

    await eventually(one_each)
    (letter,) = await found("", "unrouted")
    assert (letter.id, letter.published_by) == (unheard, "registration")
    mail = MailAccepted(mail_id="m", cause="c", template="t", at=now())
    message_id, body = wrap("registration", mail, subject=None, now=now())
    await forge(
        bus.broker.url("registration"),
        body,
        key="registration.Nobody.v1",
        message_id=message_id,
        user="registration",
        headers={"discarded_from": "registration"},
    )
    (forged,) = [one for one in await found("", "unrouted") if one.id == message_id]
    assert (forged.service, forged.publisher_verified) == ("", False)
    # A partner publishes under the keys that it may, whatever type it writes.
    right = await _of_partner(bus, DossierFiled.TYPE)
    wrong = await _of_partner(bus, DossierSaved.TYPE)
    letters = {one.id: one.publisher_verified for one in await found("", "unrouted")}
    assert (letters[right], letters[wrong]) == (True, False)
    moved = await collect(operator, "mailer", {DossierFiled.TYPE, DossierSaved.TYPE})
    assert moved == (1, 3)
    assert wrong in {one.id for one in await found("", "unrouted")}


async def test_what_the_broker_moved_of_a_partner_is_never_replayed(bus: BusFixture) -> None:
    """Nobody consumes it, and its key is known by a header only, which the partner may write."""
    node = await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler()),))
    await node.drain(5)
    async with channel(bus.broker.admin_url) as admin:
        await admin.queue_bind("mailer", topology.EVENTS, DossierFiled.TYPE)
    note = {"queue": "mailer", "reason": "expired", "exchange": topology.EVENTS, "count": 0}
    forged = {**note, "routing-keys": [DossierSaved.TYPE], "time": now()}
    for headers in ({}, {"CC": [DossierSaved.TYPE]}, {"x-death": [forged]}):
        for inside in (DossierFiled, DossierSaved):
            await _of_partner(bus, inside.TYPE, expiration="1", headers=headers)
    url = bus.broker.url("operator")
    found: list[DeadLetter] = []

    async def dead() -> bool:
        found[:] = await list_letters(url, "mailer")
        return len(found) == 6

    await eventually(dead)
    assert {(one.published_by, one.publisher_verified) for one in found} == {("backoffice", False)}
    assert {one.error for one in found} == {"not said by anybody who is known to be allowed to"}
    assert await replay(url, "mailer") == 0


async def _of_partner(bus: BusFixture, inside: str, **properties: Any) -> str:
    """A message under the key of a filed dossier, of the type `inside`; returns its id."""
    partner = topology.partner_permissions("backoffice", [DossierFiled], [])
    rights = {"configure": partner.configure, "write": partner.write, "read": partner.read}
    row = {"user": partner.user, "vhost": bus.broker.vhost, **rights}
    bus.broker.admin.import_definitions({"permissions": [row]})
    event = sample(DossierFiled)
    message_id, body = wrap("backoffice", event, subject=str(uuid4()), now=now())
    await forge(
        bus.broker.url("backoffice"),
        body.replace(DossierFiled.TYPE.encode(), inside.encode()),
        key=DossierFiled.TYPE,
        message_id=message_id,
        user="backoffice",
        **properties,
    )
    return message_id


async def test_a_replay_killed_half_way_loses_none_and_none_happens_twice(bus: BusFixture) -> None:
    """MQ-07, B-06: the rest is there for the next one."""
    count = 3_000
    handler = RecordingHandler()
    node = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    ids = await _bury(bus, count)
    operator = bus.broker.url("operator")
    script = (
        "import asyncio\nfrom shared.messaging.dead_letters import replay\n"
        f"asyncio.run(replay({operator!r}, 'mailer'))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    await eventually(lambda: len(handler.ids) > count // 10, 60, every=0.001)
    process.kill()
    await process.wait()

    async def finished() -> bool:
        """The broker gives back what the killed session held once it knows of its end."""
        await replay(operator, "mailer")
        return await _handled(bus, count)

    assert len(handler.ids) < count, "it was killed before the end"
    await eventually(finished, 120)
    assert sorted(handler.ids) == sorted(ids)
    await node.drain(5)


async def _handled(bus: BusFixture, count: int) -> bool:
    return await bus.count("mailer", "inbox") == count


async def _bury(bus: BusFixture, count: int) -> list[str]:
    """Letters of one fault, as the mailer's consumer makes them."""
    wrapped = [
        wrap("registration", RequestCancelled(request_id=str(n)), subject=None, now=now())
        for n in range(count)
    ]
    headers = {"attempt": 1, "error_type": "KeyError", "error": "KeyError at services/x:y"}
    async with channel(bus.broker.url("mailer")) as raw:
        for start in range(0, count, 500):
            await asyncio.gather(
                *(
                    raw.basic_publish(
                        body,
                        exchange=topology.DEAD,
                        routing_key="mailer",
                        mandatory=True,
                        properties=Basic.Properties(
                            delivery_mode=2,
                            message_id=message_id,
                            message_type=RequestCancelled.TYPE,
                            user_id="mailer",
                            headers=headers,
                        ),
                    )
                    for message_id, body in wrapped[start : start + 500]
                )
            )
    return [message_id for message_id, _ in wrapped]
