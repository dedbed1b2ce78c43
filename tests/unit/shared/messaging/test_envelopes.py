"""The envelope: encoding and decoding agree, and only strict JSON is decoded."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import EVENTS, FieldError, Refusal, Sealed
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest, SignIn, VerifyCode
from shared.contracts.registration.views import Done
from shared.contracts.support.proposals import ApproveProposal
from shared.messaging.envelope import MAX_BODY_BYTES, contract, decode, new_id, traceparent, wrap
from shared.messaging.errors import Undecodable
from shared.messaging.rpc_codec import content_hash, decode_reply, encode_refusal, encode_reply
from shared.runtime.telemetry import TRACEPARENT

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(st.text(), st.none() | st.text(min_size=1, max_size=255))
def test_an_envelope_is_decoded_as_encoded(text: str, subject: str | None) -> None:
    """Any typed text survives."""
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


@pytest.mark.parametrize(
    "stated",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/json ; a=b; c=d",
        None,
    ],
)
def test_o_15_parameters_and_case_of_the_data_s_media_type_do_not_matter(
    stated: str | None,
) -> None:
    _, body = wrap("registration", RequestCancelled(request_id="r"), subject="a", now=NOW)
    written = {**json.loads(body), "datacontenttype": stated}
    assert decode(json.dumps(written).encode()) == decode(body)


@pytest.mark.parametrize("stated", ["text/plain", "application/jsonp", "json", "", "a" * 300, 1])
def test_o_15_data_of_another_media_type_is_refused(stated: object) -> None:
    _, body = wrap("registration", RequestCancelled(request_id="r"), subject="a", now=NOW)
    written = {**json.loads(body), "datacontenttype": stated}
    with pytest.raises(Undecodable, match="datacontenttype") as refused:
        decode(json.dumps(written).encode())
    assert "plain" not in str(refused.value), "a reason holds no value of the message"


def test_the_trace_is_carried_on() -> None:
    """Events emitted while handling a message have its trace id."""
    token = traceparent.set("00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    try:
        _, body = wrap("registration", RequestCancelled(request_id="r"), subject=None, now=NOW)
    finally:
        traceparent.reset(token)
    assert decode(body).traceparent == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Any other exception is a bug."""
    with contextlib.suppress(Undecodable):
        assert decode(body).type


def test_an_oversized_message_is_not_written() -> None:
    """The error is raised at the publisher, not at the consumer."""
    with pytest.raises(ValueError, match="more than"):
        wrap(
            "registration", RequestCancelled(request_id="x" * MAX_BODY_BYTES), subject=None, now=NOW
        )


def test_repeated_keys_are_found_at_any_depth_and_equal_keys_in_different_objects_are_allowed() -> (
    None
):
    """The fast and the thorough check agree."""
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
    """Neither or both is invalid."""
    refusal = Refusal(slug="s", errors=(FieldError(field="f", code="c"),), params={"n": 1})
    assert decode_reply(encode_refusal(refusal)).refusal == refusal
    assert decode_reply(encode_reply(Done())).reply == {}
    for body in (b"{}", b"", b"[]", b'{"reply":{},"refusal":{"slug":"s"}}', b'{"refusal":{}}'):
        with pytest.raises(Undecodable):
            decode_reply(body)


def test_the_fingerprint_of_a_request_leaves_out_sealed_fields() -> None:
    """A ciphertext differs each time."""

    def order(request_id: str, box: str) -> bytes:
        code = Sealed(recipient="registration", key_id="k", box=box)
        return content_hash(VerifyCode(request_id=request_id, code=code))

    assert order("r", "a") == order("r", "b")
    assert order("r", "a") != order("s", "a")
    assert content_hash(CancelRequest(request_id="r")) == content_hash(
        CancelRequest(request_id="r")
    )


@pytest.mark.parametrize(
    "circumstances", [{"network": "198.51.100.0/24"}, {"known_accounts": ("a",)}]
)
def test_r_01_the_same_press_over_another_network_is_the_same_request(
    circumstances: dict[str, Any],
) -> None:
    code = Sealed(recipient="registration", key_id="k", box="b")
    fields: dict[str, Any] = {"address": "p@x.fr", "password": code, "network": "192.0.2.0/24"}
    before = content_hash(SignIn(**fields))
    assert content_hash(SignIn(**{**fields, **circumstances})) == before
    assert content_hash(SignIn(**{**fields, "address": "q@x.fr"})) != before


def test_r_01_the_same_act_with_another_code_of_the_agent_is_the_same_request() -> None:
    one, again = (
        ApproveProposal(agent_id="a", proposal_id="p", code_proof=proof) for proof in ("one", "two")
    )
    assert content_hash(one) == content_hash(again)
