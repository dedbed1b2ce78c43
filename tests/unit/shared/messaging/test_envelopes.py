"""The envelope: what is written is read back, and nothing but strict JSON is read at all."""

import contextlib
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import EVENTS, FieldError, Refusal, Sealed
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest, VerifyCode
from shared.contracts.registration.views import Done
from shared.messaging.envelope import MAX_BODY_BYTES, contract, decode, new_id, traceparent, wrap
from shared.messaging.errors import Undecodable
from shared.messaging.rpc_codec import content_hash, decode_reply, encode_refusal, encode_reply
from shared.runtime.telemetry import TRACEPARENT

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(st.text(), st.none() | st.text(min_size=1, max_size=255))
def test_what_is_written_is_read_back(text: str, subject: str | None) -> None:
    """Any text a person may type survives."""
    try:
        text.encode()
        (subject or "").encode()
    except UnicodeEncodeError:
        return
    event = RequestCancelled(request_id=text)
    message_id, body = wrap("registration", event, subject=subject, now=NOW)
    envelope = decode(body)
    assert (envelope.id, envelope.type, envelope.subject) == (message_id, event.TYPE, subject)
    assert (envelope.source, envelope.time) == ("impex/registration", NOW)
    assert contract(envelope, EVENTS) == event


def test_the_wire_is_cloudevents() -> None:
    """Attribute names and forms of CloudEvents 1.0."""
    _, body = wrap("registration", RequestCancelled(request_id="r"), subject="a", now=NOW)
    document = json.loads(body)
    assert document["specversion"] == "1.0"
    assert document["datacontenttype"] == "application/json"
    assert document["time"] == "2026-01-02T03:04:05Z"
    assert document["data"] == {"request_id": "r"}
    assert TRACEPARENT.fullmatch(document["traceparent"])


def test_the_trace_is_carried_on() -> None:
    """What is said while handling a message belongs to its trace."""
    token = traceparent.set("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    try:
        _, body = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=NOW)
    finally:
        traceparent.reset(token)
    assert decode(body).traceparent == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else ever comes out."""
    with contextlib.suppress(Undecodable):
        assert decode(body).type


def test_a_message_too_large_to_be_read_is_not_written() -> None:
    """Found where it is said, not where it is heard."""
    with pytest.raises(ValueError, match="more than"):
        wrap(
            "registration", RequestCancelled(request_id="x" * MAX_BODY_BYTES), subject=None, now=NOW
        )


def test_keys_twice_are_found_at_any_depth_and_equal_keys_apart_are_not() -> None:
    """The fast way and the thorough way agree."""
    _, good = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=NOW)
    spaced = json.dumps(json.loads(good), indent=1).encode()
    assert decode(spaced) == decode(good)
    for twice in (
        good.replace(b'"request_id"', b'"request_id":"a","request_id"'),
        spaced.replace(b'"request_id"', b'"\\u0072equest_id":"a","request_id"'),
    ):
        with pytest.raises(Undecodable, match="a key stands twice"):
            decode(twice)


def test_ids_are_unique_sorted_by_time_and_of_version_7() -> None:
    """Indexes on them stay compact."""
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert all(UUID(one).version == 7 for one in ids)
    assert [one[:11] for one in ids] == sorted(one[:11] for one in ids)


def test_an_answer_is_a_reply_or_a_refusal() -> None:
    """Neither nor both is no answer."""
    refusal = Refusal(slug="s", errors=(FieldError(field="f", code="c"),), params={"n": 1})
    assert decode_reply(encode_refusal(refusal)).refusal == refusal
    assert decode_reply(encode_reply(Done())).reply == {}
    for body in (b"{}", b"", b"[]", b'{"reply":{},"refusal":{"slug":"s"}}', b'{"refusal":{}}'):
        with pytest.raises(Undecodable):
            decode_reply(body)


def test_the_content_of_a_request_is_all_of_it_but_what_is_sealed() -> None:
    """A box is different each time it is sealed."""

    def order(request_id: str, box: str) -> bytes:
        code = Sealed(recipient="registration", key_id="k", box=box)
        return content_hash(VerifyCode(request_id=request_id, code=code))

    assert order("r", "a") == order("r", "b")
    assert order("r", "a") != order("s", "a")
    assert content_hash(CancelRequest(request_id="r")) == content_hash(
        CancelRequest(request_id="r")
    )
