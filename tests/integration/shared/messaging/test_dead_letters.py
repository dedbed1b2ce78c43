"""Listing and replaying dead letters."""

from dataclasses import asdict
from typing import Any

import pytest

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import EmailVerified, RequestCancelled
from shared.errors import ConfigurationError, Reject
from shared.messaging import hears
from shared.messaging.dead_letters import list_dead, replay
from shared.messaging.envelope import wrap
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, forge, now
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
    return len(await list_dead(bus.broker.url("operator"), "mailer")) == number


async def test_mq_07_dead_letters_are_listed_without_their_content(bus: BusFixture) -> None:
    """MQ-07: service, reason, time and attempts; listing removes nothing."""
    _, _, ids = await _three_dead(bus)
    letters = await list_dead(bus.broker.url("operator"), "mailer")
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

    assert await replay(operator, "mailer", message_id=ids[0], replayed_by="claire") == 1
    await eventually(lambda: handler.ids == [ids[0]])
    assert await replay(operator, "mailer", message_type=RequestCancelled.TYPE) == 1
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
    with pytest.raises(ConfigurationError, match="maler has no queue of dead letters"):
        await list_dead(bus.broker.url("operator"), "maler")


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
        letters = await list_dead(operator, "registration")
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
    assert await forged(4)
