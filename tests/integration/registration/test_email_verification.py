"""Verifying an address: codes, links, scanners, other devices, concurrent verifications."""

from __future__ import annotations

import asyncio

import pytest

from shared.contracts import registration as contracts
from shared.messaging.handlers import Refused
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, Room


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_g_11_the_code_verifies_the_address(room: Room) -> None:
    view = await room.request()
    ((code, _),) = await room.letters()
    proved = await room.ask(room.code(view.request_id, f" {code[:3]} {code[3:]} "))
    ((_, subject, event),) = await room.said(contracts.EmailVerified)
    assert (proved.due, proved.verified_at, proved.first_name) == ("terms", room.now, "Pierre")
    assert (event.request_id, event.by) == (view.request_id, "code")
    assert subject == (await room.said(contracts.AccountRequested))[0][1]


async def test_verifying_twice_is_no_error_and_emits_one_event(room: Room) -> None:
    view = await room.request()
    ((code, link),) = await room.letters()
    for request in (
        room.code(view.request_id, code),
        room.code(view.request_id, code),
        room.link(link, view.request_id),
        room.link(link, None, PASSWORD),
    ):
        assert (await room.ask(request)).due == "terms"
    assert len(await room.events(contracts.EmailVerified)) == 1


@pytest.mark.parametrize(
    "typed", ["12345", "abcdef", "1234567", "", "１２３４５６", "²⁸⁷⁰⁸²", "-12345"]
)
async def test_a_code_has_six_digits(room: Room, typed: str) -> None:
    view = await room.request()
    refusal = await room.refusal(room.code(view.request_id, typed))
    assert (refusal.slug, refusal.errors[0].code) == ("invalid_fields", "format")
    assert (await room.ask(contracts.DescribeRequest(request_id=view.request_id))).tries_left == 5


async def test_re_03_five_wrong_codes_void_it_until_another_message(room: Room) -> None:
    view = await room.request()
    ((code, _),) = await room.letters()
    wrong = room.code(view.request_id, other_than(code))
    for left in (4, 3, 2, 1):
        refusal = await room.refusal(wrong)
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    assert (await room.refusal(wrong)).slug == "code_void"
    assert (await room.refusal(room.code(view.request_id, code))).slug == "code_void"
    assert (await room.ask(contracts.DescribeRequest(request_id=view.request_id))).tries_left == 0
    room.later(minutes=2)
    await room.ask(room.resend(view.request_id))
    code, _ = (await room.letters())[-1]
    assert (await room.ask(room.code(view.request_id, code))).due == "terms"


async def test_re_03_parallel_wrong_codes_are_all_counted(room: Room) -> None:
    view = await room.request()
    ((code, _),) = await room.letters()
    refusals = await asyncio.gather(
        *(room.refusal(room.code(view.request_id, other_than(code))) for _ in range(12))
    )
    assert sorted(each.slug for each in refusals) == ["code_void"] * 8 + ["wrong_code"] * 4


async def test_re_03_the_code_of_one_request_is_not_valid_for_another(room: Room) -> None:
    one, other = await room.request("a@labo.fr"), await room.request("b@labo.fr")
    (code, link), (other_code, _) = await room.letters()
    if code != other_code:
        assert (await room.refusal(room.code(other.request_id, code))).slug == "wrong_code"
    assert (await room.refusal(room.link(link, other.request_id))).slug == "password_needed"
    assert (
        await room.ask(contracts.DescribeRequest(request_id=one.request_id))
    ).due == "validation"


async def test_an_expired_code_and_link_are_refused_with_the_time(room: Room) -> None:
    view = await room.request()
    ((code, link),) = await room.letters()
    room.later(hours=24)
    expired = {"at": view.expires_at.isoformat()}
    refusal = await room.refusal(room.code(view.request_id, code))
    assert (refusal.slug, refusal.params) == ("code_expired", expired)
    refusal = await room.refusal(room.link(link, view.request_id))
    assert (refusal.slug, refusal.params) == ("link_expired", expired)
    assert (await room.ask(room.open_link(link))).state == "expired"
    again = await room.ask(room.resend(view.request_id))
    assert again.expires_at > room.now


async def test_re_04_a_scanner_changes_nothing(room: Room) -> None:
    view = await room.request()
    ((_, link),) = await room.letters()
    before = await room.fetch("SELECT * FROM requests")
    for _ in range(10):
        shown = await room.ask(room.open_link(link))
        assert (shown.state, shown.needs_password) == ("valid", True)
        assert shown.masked_address == "p***@labo.fr"
    assert (await room.refusal(room.link(link))).slug == "password_needed"
    assert await room.fetch("SELECT * FROM requests") == before
    assert not (await room.ask(room.open_link(link, view.request_id))).needs_password
    assert (await room.ask(room.link(link, view.request_id))).due == "terms"
    assert (await room.events(contracts.EmailVerified))[0].by == "link"


async def test_another_device_needs_the_password(room: Room) -> None:
    view = await room.request()
    ((_, link),) = await room.letters()
    for left in (4, 3):
        refusal = await room.refusal(room.link(link, None, OTHER_PASSWORD))
        assert (refusal.slug, refusal.params) == ("wrong_password", {"tries_left": left})
    assert (await room.ask(room.open_link(link))).tries_left == 3
    assert (await room.ask(room.link(link, None, PASSWORD))).request_id == view.request_id


async def test_five_wrong_passwords_leave_only_the_code(room: Room) -> None:
    view = await room.request()
    ((code, link),) = await room.letters()
    refusals = await asyncio.gather(
        *(room.refusal(room.link(link, None, OTHER_PASSWORD)) for _ in range(9))
    )
    slugs = sorted(each.slug for each in refusals)
    assert slugs == ["link_password_void"] * 5 + ["wrong_password"] * 4
    assert (await room.refusal(room.link(link, None, PASSWORD))).slug == "link_password_void"
    assert (await room.ask(room.code(view.request_id, code))).due == "terms"


@pytest.mark.parametrize("cut", [0, 1, 42, 44])
async def test_a_link_truncated_by_the_mail_program(room: Room, cut: int) -> None:
    view = await room.request()
    ((_, link),) = await room.letters()
    token = (link + "A")[:cut]
    assert (await room.ask(room.open_link(token))).state == "malformed"
    assert (await room.refusal(room.link(token, view.request_id))).slug == "link_malformed"


async def test_a_link_that_was_never_sent_is_gone(room: Room) -> None:
    assert (await room.ask(room.open_link("A" * 43))).state == "gone"
    assert (await room.refusal(room.link("A" * 43))).slug == "link_gone"


async def test_a_used_link_is_verified(room: Room) -> None:
    await room.account()
    ((_, link),) = await room.letters()
    assert (await room.ask(room.open_link(link))).state == "verified"
    assert (await room.refusal(room.link(link))).slug == "already_verified"
    assert (await room.refusal(room.link(link, None, PASSWORD))).slug == "already_verified"


async def test_the_first_verification_voids_the_other_requests(room: Room) -> None:
    one, other = await room.request(), await room.request(password=OTHER_PASSWORD)
    (code, link), (other_code, _) = await room.letters()
    await room.ask(room.code(other.request_id, other_code))
    (expired,) = await room.events(contracts.RequestExpired)
    assert expired.request_id == one.request_id
    assert (await room.refusal(room.code(one.request_id, code))).slug == "request_gone"
    assert (await room.ask(room.open_link(link))).state == "gone"
    assert (
        await room.refusal(room.sign_in("pierre@labo.fr", PASSWORD))
    ).slug == "wrong_credentials"


async def test_two_concurrent_verifications_leave_one_request(room: Room) -> None:
    views = [await room.request() for _ in range(4)]
    letters = await room.letters()
    asked = [
        room.ask(room.code(view.request_id, code))
        for view, (code, _) in zip(views, letters, strict=True)
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    proved = [each for each in answers if isinstance(each, contracts.RequestView)]
    gone = [each for each in answers if isinstance(each, Refused)]
    assert (len(proved), len(gone)) == (1, 3)
    assert all(each.refusal.slug == "request_gone" for each in gone)
    assert len(await room.events(contracts.RequestExpired)) == 3


async def test_a_later_verification_replaces_an_unfinished_one(room: Room) -> None:
    former = await room.verified()
    latter = await room.verified(password=OTHER_PASSWORD)
    assert (await room.refusal(room.accept(former))).slug == "request_gone"
    assert (await room.ask(room.accept(latter))).due == "created"


async def test_a_verified_request_gets_no_more_messages(room: Room) -> None:
    request_id = await room.verified()
    room.later(minutes=5)
    assert (await room.refusal(room.resend(request_id))).slug == "already_verified"
    refusal = await room.refusal(room.correct(request_id, "p@autre.fr"))
    assert refusal.slug == "already_verified"
