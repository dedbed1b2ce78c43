"""The delivery status of messages, and the queries of forms while somebody types."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from shared.contracts import registration as contracts
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.integration.registration.conftest import OpenRoom
from tests.integration.registration.room import Room


async def cause_of(room: Room) -> str:
    kinds = (contracts.AccountRequested, contracts.ValidationResent)
    return (await room.said(*kinds))[-1][0]


async def test_b_01_the_page_follows_the_message(room: Room) -> None:
    view = await room.request()
    cause = await cause_of(room)
    ask = contracts.DescribeRequest(request_id=view.request_id)
    soon = room.now + timedelta(minutes=1)
    await room.hear(
        MailDeferred(
            mail_id="m", cause=cause, template="t", at=room.now, next_try_at=soon,
            reason="mailbox_full",
        )
    )  # fmt: skip
    mail = (await room.ask(ask)).mail
    assert (mail.state, mail.reason, mail.next_try_at) == ("deferred", "mailbox_full", soon)
    await room.hear(MailAccepted(mail_id="m", cause=cause, template="t", at=soon))
    mail = (await room.ask(ask)).mail
    assert (mail.state, mail.at, mail.next_try_at, mail.reason) == ("accepted", soon, None, None)


async def test_b_01_events_in_any_order_have_one_result(room: Room) -> None:
    view = await room.request()
    cause = await cause_of(room)
    later = room.now + timedelta(minutes=1)
    await room.hear(MailAccepted(mail_id="m", cause=cause, template="t", at=later))
    await room.hear(
        MailDeferred(
            mail_id="m", cause=cause, template="t", at=room.now, next_try_at=later,
            reason="unreachable",
        )
    )  # fmt: skip
    shown = await room.ask(contracts.DescribeRequest(request_id=view.request_id))
    assert shown.mail.state == "accepted"


@pytest.mark.parametrize(
    ("reason", "state", "shown"),
    [
        ("unknown_mailbox", "refused", "unknown_mailbox"),
        ("mailbox_full", "refused", "mailbox_full"),
        ("expired", "refused", "unreachable"),
        ("in_doubt", "doubtful", None),
    ],
)
async def test_b_01_a_refusal_has_a_reason(
    room: Room, reason: str, state: str, shown: str | None
) -> None:
    view = await room.request()
    cause = await cause_of(room)
    await room.hear(MailRefused(mail_id="m", cause=cause, template="t", at=room.now, reason=reason))
    mail = (await room.ask(contracts.DescribeRequest(request_id=view.request_id))).mail
    assert (mail.state, mail.reason) == (state, shown)


async def test_b_01_only_the_latest_message_counts(room: Room) -> None:
    view = await room.request()
    former = await cause_of(room)
    room.later(minutes=2)
    assert (await room.ask(room.resend(view.request_id))).mail.state == "waiting"
    await room.hear(
        MailRefused(mail_id="m", cause=former, template="t", at=room.now, reason="refused")
    )
    shown = await room.ask(contracts.DescribeRequest(request_id=view.request_id))
    assert shown.mail.state == "waiting"


async def test_b_12_the_rules_served_are_the_operators(room_with: OpenRoom) -> None:
    other = {
        "IMPEX_PASSWORD_MIN": "12",
        "IMPEX_PASSWORD_MAX": "64",
        "IMPEX_PASSWORD_MIXED_CASE": "no",
    }
    async with room_with(**other) as room:
        view = await room.ask(contracts.DescribePasswordRules())
        document = json.loads(view.document)
        assert (document["min_length"], document["max_length"]) == (12, 64)
        assert "mixed_case" not in document["shown"]
        assert "soleil" not in view.document
        await room.request(password="kvfz9rlqwmtxzhgb-kvfz")


async def test_g_08_a_listed_word_is_found_while_typing(room: Room) -> None:
    kind = contracts.FindListedWord
    asked = kind(password=room.seal(kind, "password", "Soleil2024"))
    assert await room.ask(asked) == contracts.ListedWordView(word="soleil", source="french")
    for password in ("Kvfz9rLq", "", "soleil" * 200):
        asked = kind(password=room.seal(kind, "password", password))
        assert await room.ask(asked) == contracts.ListedWordView()


async def test_g_05_a_typo_gets_a_suggestion(room: Room) -> None:
    view = await room.ask(contracts.SuggestAddress(address="p@gmial.com"))
    assert view.suggestion == "p@gmail.com"
    assert (await room.ask(contracts.SuggestAddress(address="p@labo.fr"))).suggestion is None


async def test_g_05_a_typo_gets_a_suggestion_once_all_else_is_right(room: Room) -> None:
    form = msgspec.structs.replace(room.form("p@gmial.com"), point_out_slip=True)
    refused = await room.refusal(form)
    assert (refused.slug, refused.params) == ("likely_slip", {"suggestion": "p@gmail.com"})
    assert await room.count("requests") == await room.count("counters") == 0

    wrong_too = msgspec.structs.replace(form, first_name="")
    assert [error.field for error in (await room.refusal(wrong_too)).errors] == ["first_name"]

    kept = await room.ask(room.form("p@gmial.com"))
    assert kept.address == "p@gmial.com"
    correction = msgspec.structs.replace(
        room.correct(kept.request_id, "p@orange.ft"), point_out_slip=True
    )
    assert (await room.refusal(correction)).params == {"suggestion": "p@orange.fr"}
