"""After a likely slip the form waits for an answer, without its password (T-05)."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.registration.purge import purge
from shared.contracts.base import Refusal
from shared.contracts.registration.events import KnownAddressRequested, UnlockOffered
from shared.contracts.registration.holder import AnswerAddressChange
from shared.contracts.registration.requests import (
    AnswerAddressQuestion,
    RequestAccount,
    UnlockAddress,
)
from shared.database import transaction
from shared.security.link_codes import link_code
from shared.security.sealing import seal_context
from tests.support.actors.address_changer import AddressChanger
from tests.support.harness.registration import (
    NETWORK,
    OTHER_PASSWORD,
    PASSWORD,
    RegistrationHarness,
)

TYPED, MEANT = "pierre@gmial.com", "pierre@gmail.com"


def doubtful(harness: RegistrationHarness, address: str = TYPED, **changes: Any) -> RequestAccount:
    """The account form, for which a likely slip is pointed out."""
    return msgspec.structs.replace(harness.form(address, **changes), point_out_slip=True)


async def question(harness: RegistrationHarness, form: Any = None) -> str:
    """The id of the question that a form leads to."""
    refusal = await harness.refusal(form or doubtful(harness))
    assert (refusal.slug, refusal.params["suggestion"]) == ("likely_slip", MEANT)
    return str(refusal.params["question"])


def answer(question_id: str, address: str, **changes: Any) -> AnswerAddressQuestion:
    """The account form sent again, with one of the two addresses."""
    given = {"first_name": "Pierre", "last_name": "Durand", "network": NETWORK, **changes}
    return AnswerAddressQuestion(question_id=question_id, address=address, **given)


@pytest.mark.parametrize("chosen", [TYPED, MEANT, " PIERRE@gmail.com "])
async def test_t_05_the_answer_needs_no_password(harness: RegistrationHarness, chosen: str) -> None:
    """The password that was typed once signs in to the account in the end."""
    view = await harness.ask(answer(await question(harness), chosen))
    address = chosen.strip().lower()
    assert view.address.lower() == address
    code, _ = (await harness.mailed_secrets())[-1]
    await harness.ask(harness.code(view.request_id, code))
    await harness.ask(harness.accept(view.request_id))
    assert (await harness.ask(harness.sign_in(address, PASSWORD))).due == "account"
    assert await harness.count("address_questions") == 0


async def test_s_05_an_answer_beyond_the_limit_waits_for_the_unlock_mail(
    harness: RegistrationHarness,
) -> None:
    """The page promises the mail; the question is still there afterwards."""
    for number in range(10):
        form = harness.form(MEANT, network=f"10.0.{number // 5}.0/24")
        assert await harness.outcome(form) == "done"
    mine = answer(await question(harness), MEANT)
    assert (await harness.refusal(mine)).params == {"limit": "address"}
    (offered,) = await harness.events(UnlockOffered)
    assert offered.address == MEANT
    token = harness.mailbox.open(offered.link_token, seal_context(UnlockOffered, "link_token"))
    code = link_code(harness.deps.settings.disavowal_keys, token)
    lift = UnlockAddress(
        link_token=harness.seal(UnlockAddress, "link_token", token),
        code=harness.seal(UnlockAddress, "code", code),
        network=NETWORK,
    )
    await harness.ask(lift)
    assert (await harness.ask(mine)).address == MEANT


async def test_t_05_a_question_is_not_asked_twice_under_one_id(
    harness: RegistrationHarness,
) -> None:
    """The same form, sent again a day later, asks another one: the first has expired."""
    assert not await harness.is_stored(doubtful(harness))
    first = await question(harness)
    assert await question(harness) != first


async def test_t_05_both_addresses_are_in_the_password_rule(harness: RegistrationHarness) -> None:
    for password in ("Bluewim9Kv!q", "Bluewin9Kv!q"):
        refusal = await harness.refusal(doubtful(harness, "p@bluewim.ch", password=password))
        assert [error.code for error in refusal.errors] == ["identity"]
    assert await harness.count("address_questions") == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"address": "pierre@orange.fr"},
        {"first_name": "Paul"},
        {"last_name": "Dupont"},
        {"question_id": "kQ2vX7mB1nP4sT8wZ3cF6hJ9lR5yD0gA-eU_iO2xV7q"},
        {"question_id": "no id\0"},
        {"request_id": "2f0c1c68-6d0a-4f0e-8a1c-3f6a0b9d7e55"},
    ],
    ids=lambda changed: "-".join(changed),
)
async def test_t_05_an_answer_about_another_form_finds_no_question(
    harness: RegistrationHarness, changed: dict[str, str]
) -> None:
    asked = await question(harness)
    wrong = msgspec.structs.replace(answer(asked, MEANT), **changed)
    assert await harness.refusal(wrong) == Refusal(slug="question_gone")
    assert (await harness.ask(answer(asked, MEANT))).address == MEANT


async def test_t_05_a_question_is_answered_once_and_for_half_an_hour(
    harness: RegistrationHarness,
) -> None:
    asked = await question(harness)
    outcomes = await asyncio.gather(
        *(harness.outcome(answer(asked, address)) for address in (TYPED, MEANT))
    )
    assert sorted(outcomes) == ["done", "question_gone"]
    late = await question(harness)
    harness.advance(minutes=30)
    assert (await harness.refusal(answer(late, MEANT))).slug == "question_gone"
    assert await harness.count("address_questions") == 1
    await purge(harness.pool, harness.now)
    assert await harness.count("address_questions") == 0


async def test_t_05_b_03_an_address_with_an_account_gets_the_same_question(
    harness: RegistrationHarness,
) -> None:
    await harness.account(MEANT)
    asked = await question(harness, doubtful(harness, password=OTHER_PASSWORD))
    view = await harness.ask(answer(asked, MEANT))
    assert (await harness.ask(harness.sign_in(MEANT, OTHER_PASSWORD))).request_id == view.request_id
    assert len(await harness.events(KnownAddressRequested)) == 1


async def test_t_05_a_corrected_address_is_doubted_and_answered_too(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request("pierre@labo.fr")
    form = msgspec.structs.replace(harness.correct(view.request_id, TYPED), point_out_slip=True)
    asked = await question(harness, form)
    assert (await harness.refusal(answer(asked, MEANT))).slug == "question_gone"
    moved = await harness.ask(answer(asked, MEANT, request_id=view.request_id))
    assert (moved.request_id, moved.address) == (view.request_id, MEANT)
    assert (await harness.ask(harness.sign_in(MEANT, PASSWORD))).request_id == view.request_id


async def test_t_05_a_wrong_password_gets_no_question(harness: RegistrationHarness) -> None:
    view = await harness.request("pierre@labo.fr")
    form = harness.correct(view.request_id, TYPED, password=OTHER_PASSWORD)
    refusal = await harness.refusal(msgspec.structs.replace(form, point_out_slip=True))
    assert [error.code for error in refusal.errors] == ["wrong"]
    assert await harness.count("address_questions") == 0


@pytest.mark.parametrize("meanwhile", ["nothing", "another password", "frozen", "another account"])
async def test_t_05_a_change_of_address_is_answered_while_the_password_is_the_same(
    harness: RegistrationHarness, meanwhile: str
) -> None:
    changer = await AddressChanger.of(harness)
    asked = await question(harness, changer.check_form(TYPED, point_out_slip=True))
    account_id, expected = changer.holder.account_id, "question_gone"
    if meanwhile == "another password":
        await harness.ask(changer.holder.change(PASSWORD, OTHER_PASSWORD))
    elif meanwhile == "frozen":
        await changer.holder.close("frozen")
        expected = "account_closed"
    elif meanwhile == "another account":
        account_id = (await AddressChanger.of(harness, "other@labo.fr")).holder.account_id
    reply = AnswerAddressChange(
        account_id=account_id, question_id=asked, address=MEANT, language="fr"
    )
    if meanwhile != "nothing":
        assert (await harness.refusal(reply)).slug == expected
        return
    assert (await harness.ask(reply)).address == MEANT
    await harness.ask(changer.confirm(await changer.code()))
    assert await changer.signs_in(MEANT)


async def test_t_05_no_password_is_stored_in_clear(harness: RegistrationHarness) -> None:
    await question(harness)
    async with transaction(harness.pool) as tx:
        row = await tx.fetchval(
            "SELECT row_to_json(address_questions)::text FROM address_questions"
        )
    assert PASSWORD not in row
    assert row.count("$argon2id$") == 2
