"""Foreign, malformed and forged messages become dead letters (IN-10, MQ-05)."""

import json
from typing import Any

import pytest
from pamqp import encode
from pamqp.commands import Basic

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import EmailVerified, RequestCancelled
from shared.messaging import hears, topology
from shared.messaging.dead_letters import Selection, discard, list_letters
from shared.messaging.envelope import new_id, wrap
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel, forge, now
from tests.support.waiting import eventually

TYPE = RequestCancelled.TYPE
ID = "01a206f4-792c-7dbe-ada6-0314820d32a7"


def _document(**changes: Any) -> bytes:
    document = {
        "specversion": "1.0",
        "id": ID,
        "source": "impex/registration",
        "type": TYPE,
        "time": "2026-01-01T00:00:00Z",
        "data": {"request_id": "r"},
    }
    for name, value in changes.items():
        document[name] = value
        if value is None:
            del document[name]
    return json.dumps(document).encode()


BAD = {
    "not JSON": (b"hello", "not strict JSON"),
    "nothing": (b"", "not strict JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + _document(), "not strict JSON"),
    "not UTF-8": (_document().replace(b"impex", b"imp\xe9x"), "not strict JSON"),
    "no number": (_document(data={"request_id": float("nan")}), "not strict JSON"),
    "an endless number": (_document().replace(b'"r"', b"1e999"), "not strict JSON"),
    "a key twice": (_document().replace(b'"id"', b'"id": "x", "id"', 1), "a key stands twice"),
    "one megabyte": (_document(extra="x" * 1_000_000), "more than 262144"),
    "ten thousand lists": (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
    "another version": (_document(type=TYPE.replace("v1", "v9")), "type or version not known"),
    "no such type": (_document(type="registration.Nothing.v1"), "type or version not known"),
    "no id": (_document(id=None), "wrong fields"),
    "an id that is none": (_document(id="1"), "wrong fields"),
    "no time zone": (_document(time="2026-01-01T00:00:00"), "wrong fields"),
    "a missing field": (_document(data={}), "wrong fields"),
    "a wrong field": (_document(data={"request_id": 7}), "wrong fields"),
    "no data": (_document(data=None), "wrong fields"),
}


async def test_mq_05_junk_is_dead_lettered_with_the_reason_and_the_worker_survives(
    bus: BusFixture,
) -> None:
    """MQ-05: each of the table, and then a valid message."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    url = bus.broker.url("registration")
    for name, (body, reason) in BAD.items():
        message_id = ID if name not in ("no id", "an id that is none") else new_id()
        await forge(url, body, key=TYPE, message_id=message_id, user="registration")
        letters = await bus.dead("mailer")
        headers = letters[0].header.properties.headers or {}
        assert reason in str(headers["error"]), name
        assert headers["error_type"] == "Undecodable", name
        assert letters[0].body == body, name
    good, body = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=now())
    await forge(url, body, key=TYPE, message_id=good, user="registration")
    await eventually(lambda: handler.ids == [good])


async def test_headers_that_cannot_be_read_cost_their_message_only(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker passes on names that are not UTF-8 and times beyond all dates."""
    monkeypatch.setitem(encode.METHODS, "shortstr", _any_bytes)
    monkeypatch.setitem(encode.METHODS, "timestamp", lambda _time: b"\xff" * 8)
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    url, operator = bus.broker.url("registration"), bus.broker.url("operator")
    for bad in ({"message_id": "\udcff"}, {"timestamp": now()}):
        await forge(url, _document(), key=TYPE, user="registration", **bad)
    async with channel(bus.broker.admin_url) as admin:
        properties = Basic.Properties(message_type="\udcff", message_id="there before")
        await admin.basic_publish(b"{}", routing_key="mailer.dead", properties=properties)
    good, body = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=now())
    await forge(url, body, key=TYPE, message_id=good, user="registration")
    await eventually(lambda: handler.ids == [good])

    async def listed() -> bool:
        return len(await list_letters(operator, "mailer")) == 3

    await eventually(listed)
    assert await discard(operator, "mailer", Selection(), discarded_by="claire", reason="r") == 3


def _any_bytes(text: str) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")
    return bytes([len(octets)]) + octets


async def test_unknown_fields_are_ignored(bus: BusFixture) -> None:
    """A newer publisher may send more fields than this version knows."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    body = _document(data={"request_id": "r", "new": [1]}, extension="x")
    await forge(bus.broker.url("registration"), body, key=TYPE, message_id=ID, user="registration")
    await eventually(lambda: handler.events == [RequestCancelled(request_id="r")])


async def test_a_message_from_the_wrong_user_is_dead_lettered(bus: BusFixture) -> None:
    """The mailer publishes, under its own routing key, an event that only registration may emit."""
    handler = RecordingHandler()
    await bus.node("registration", hears=(hears(MailAccepted, handler),))
    await bus.node(
        "mailer", hears=(hears(RequestCancelled, RecordingHandler()),), emits=(MailAccepted,)
    )
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="forged"), subject=None, now=now()
    )
    await forge(
        bus.broker.url("mailer"),
        body,
        key=MailAccepted.TYPE,
        message_id=message_id,
        user="mailer",
    )
    (letter,) = await bus.dead("registration")
    assert (letter.header.properties.headers or {})["error"] == "not said by registration"
    assert not handler.events


@pytest.mark.parametrize("user", [topology.OPERATOR, None], ids=["operator", "no user"])
async def test_a_message_past_the_events_exchange_is_dead_lettered(
    bus: BusFixture, user: str | None
) -> None:
    """Straight into the queue, which only the operator's user may do, or without a user."""
    handler = RecordingHandler()
    await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    message_id, body = wrap(
        "registration", RequestCancelled(request_id="forged"), subject=None, now=now()
    )
    exchange, key = (topology.EVENTS, TYPE) if user is None else ("", "mailer")
    await forge(
        bus.broker.url(user or "registration"),
        body,
        exchange=exchange,
        key=key,
        message_id=message_id,
        user=user,
    )
    await bus.dead("mailer")
    assert not handler.events


async def test_an_id_that_differs_from_the_envelopes_is_dead_lettered(bus: BusFixture) -> None:
    """Two ids for one message would mislead either the inbox or the operator."""
    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler()),))
    _, body = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=now())
    await forge(bus.broker.url("registration"), body, key=TYPE, message_id=ID, user="registration")
    (letter,) = await bus.dead("mailer")
    assert (letter.header.properties.headers or {})[
        "error"
    ] == "message_id is not the envelope's id"


async def test_a_bound_type_without_a_handler_is_dead_lettered(bus: BusFixture) -> None:
    """A binding of a former version leads to a dead letter that names the type."""
    await bus.node("mailer", hears=(hears(RequestCancelled, RecordingHandler()),))
    async with channel(bus.broker.url("mailer")) as raw:
        await raw.queue_bind("mailer", topology.EVENTS, EmailVerified.TYPE)
    registration = await bus.node("registration", emits=(EmailVerified,))
    await bus.emit(registration, EmailVerified(request_id="r", by="code", verified_at=now()))
    await eventually(lambda: _listed(bus, EmailVerified.TYPE))


async def _listed(bus: BusFixture, message_type: str) -> bool:
    letters = await list_letters(bus.broker.admin_url, "mailer")
    return [letter.type for letter in letters] == [message_type]
