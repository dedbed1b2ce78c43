"""A lost phone replaced with the password alone, after its delay, and what prevents it (OT-15)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from services.mfa.purge import purge
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.mfa.views import EnrolmentView
from shared.contracts.support.lost_phones import LostPhoneStopped, PhoneReplacementOpened
from shared.security.seal_keys import SealRing, new_seal_key
from shared.security.sealing import Sealer, seal_context
from tests.support.harness.mfa import BROWSER, MfaHarness, Phone

NUMBER = "TEL-K7QMR-2RXCV"


@dataclass
class Lost:
    """An account whose phone was reported lost, and waited for 72 hours."""

    harness: MfaHarness
    account: str
    old: Phone
    asked_at: datetime

    async def open(self, number: str = NUMBER, **changes: datetime) -> None:
        """Support says that nobody objected."""
        kind, now = PhoneReplacementOpened, self.harness.now
        sealer = Sealer("mailer", SealRing.parse(new_seal_key("t1")))
        event = kind(
            number=number,
            link_token=sealer.seal("t" * 43, seal_context(kind, "link_token")),
            asked_at=changes.get("asked_at", self.asked_at),
            opened_at=now,
            open_until=now + timedelta(days=7),
        )
        await self.harness.handle_event(event, self.account)

    async def stop(self, number: str = NUMBER) -> None:
        """Support says that somebody stopped it."""
        event = LostPhoneStopped(number=number, by="link", stopped_at=self.harness.now)
        await self.harness.handle_event(event, self.account)

    async def begin(self) -> EnrolmentView:
        """« Enrôler un nouveau téléphone »."""
        view = await self.harness.ask(self.harness.after_delay(self.account))
        assert isinstance(view, EnrolmentView)
        return view

    async def confirm(self, view: EnrolmentView) -> str:
        """The first code of the new phone; what becomes of it."""
        code = self.harness.phone(view).code(self.harness.now)
        confirm = self.harness.confirm(self.account, view.enrolment_id, code)
        return await self.harness.outcome(confirm)

    async def refused(self) -> str:
        """Why no enrolment begins."""
        return (await self.harness.refusal(self.harness.after_delay(self.account))).slug


@pytest_asyncio.fixture(loop_scope="package")
async def lost(harness: MfaHarness) -> Lost:
    account, old = await harness.enrolled()
    harness.advance(minutes=5)
    asked_at = harness.now
    harness.advance(hours=72)
    return Lost(harness, account, old, asked_at)


async def test_ot_15_the_old_phone_works_until_the_first_code_of_the_new_one(
    lost: Lost, harness: MfaHarness
) -> None:
    assert (await harness.factor(lost.account)).replacement_until is None
    await lost.open()
    until = harness.now + timedelta(days=7)
    assert (await harness.factor(lost.account)).replacement_until == until
    view = await lost.begin()
    assert (view.replaces, view.by) == (True, "delay")
    assert await lost.confirm(view) == "done"
    ((subject, event),) = await harness.account_events(AuthenticatorReplaced)
    replaced = AuthenticatorReplaced(by="delay", replaced_at=harness.now, device=BROWSER)
    assert (subject, event) == (lost.account, replaced)
    harness.advance(seconds=60)
    old = harness.check(lost.account, lost.old.code(harness.now))
    assert await harness.outcome(old) == "wrong_code"
    # Once: the new phone is newer than the wish.
    assert await lost.refused() == "replacement_not_open"
    assert (await harness.factor(lost.account)).replacement_until is None


async def test_ot_15_without_an_opening_no_password_enrols(lost: Lost, harness: MfaHarness) -> None:
    assert await lost.refused() == "replacement_not_open"
    other, _ = await harness.enrolled()
    await lost.open()
    assert (await harness.refusal(harness.after_delay(other))).slug == "replacement_not_open"
    # An agent, and an account without a phone, have neither.
    unknown = str(uuid4())
    assert (await harness.refusal(harness.after_delay(unknown))).slug == "not_enrolled"


async def test_ot_15_it_ends_after_seven_days(lost: Lost, harness: MfaHarness) -> None:
    await lost.open()
    harness.advance(days=7, minutes=-10)
    view = await lost.begin()
    harness.advance(minutes=10)
    assert await lost.confirm(view) == "enrolment_gone"
    assert await lost.refused() == "replacement_not_open"


async def test_ot_15_stopped_while_the_new_key_is_on_the_screen(lost: Lost) -> None:
    await lost.open()
    view = await lost.begin()
    await lost.stop()
    assert await lost.confirm(view) == "enrolment_gone"
    assert await lost.refused() == "replacement_not_open"


async def test_ot_15_a_stop_that_arrives_before_its_opening_holds(lost: Lost) -> None:
    await lost.stop()
    await lost.open()
    assert await lost.refused() == "replacement_not_open"
    # That of another request says nothing of this one.
    await lost.open("TEL-AAAAA-BBBBB")
    await lost.stop("TEL-CCCCC-DDDDD")
    assert (await lost.begin()).replaces


@pytest.mark.parametrize("before_opening", [True, False])
async def test_ot_15_a_code_of_the_old_phone_since_the_request_closes_it(
    lost: Lost, harness: MfaHarness, before_opening: bool
) -> None:
    """No message has to arrive for that: support may be away."""
    if not before_opening:
        await lost.open()
        view = await lost.begin()
    code = harness.check(lost.account, lost.old.code(harness.now))
    assert await harness.outcome(code) == "done"
    if before_opening:
        await lost.open()
    else:
        assert await lost.confirm(view) == "enrolment_gone"
    assert await lost.refused() == "replacement_not_open"


async def test_ot_15_a_code_just_before_the_request_does_not(
    lost: Lost, harness: MfaHarness
) -> None:
    now, harness.now = harness.now, lost.asked_at
    # The phone's clock is half a minute fast.
    code = harness.check(lost.account, lost.old.code(harness.now, 1))
    assert await harness.outcome(code) == "done"
    harness.now = now
    await lost.open()
    assert (await lost.begin()).replaces


async def test_ot_15_of_two_browsers_the_first_confirmed_wins(
    lost: Lost, harness: MfaHarness
) -> None:
    await lost.open()
    views = [await lost.begin() for _ in range(2)]
    outcomes = await asyncio.gather(*(lost.confirm(view) for view in views))
    assert sorted(outcomes) == ["done", "enrolment_gone"]
    assert len(await harness.events(AuthenticatorReplaced)) == 1


async def test_gd_02_ends_are_forgotten_after_a_month(lost: Lost, harness: MfaHarness) -> None:
    await lost.open()
    harness.advance(days=36)
    await purge(harness.pool, harness.now)
    assert await harness.count("delayed_replacements") == 1
    harness.advance(days=2)
    await purge(harness.pool, harness.now)
    assert await harness.count("delayed_replacements") == 0
