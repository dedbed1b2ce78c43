"""Terms and account: one transaction, once, however often the form is posted (RE-12, RE-13)."""

import asyncio
import hashlib
from datetime import timedelta
from importlib.resources import files

import asyncpg
import pytest

from shared.contracts.registration.events import AccountCreated, RequestExpired
from shared.contracts.registration.requests import AcceptTerms, DescribeTerms
from shared.database import transaction
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    OpenHarness,
    RegistrationHarness,
)


async def test_g_13_account_terms_and_event_are_one_transaction(
    harness: RegistrationHarness,
) -> None:
    request_id = await harness.verified("Pierre@labo.fr")
    harness.advance(minutes=3)
    created = await harness.ask(harness.accept(request_id))
    ((_, subject, event),) = await harness.published(AccountCreated)
    (account,) = await harness.fetch("SELECT * FROM accounts")
    (terms,) = await harness.fetch("SELECT * FROM terms_acceptances")
    (request,) = await harness.fetch("SELECT * FROM requests")
    assert (created.due, created.created_at) == ("created", harness.now)
    assert str(account["id"]) == subject == str(request["account_id"])
    assert (account["address"], account["state"]) == ("Pierre@labo.fr", "active")
    assert (event.first_name, event.last_name) == ("Pierre", "Durand")
    assert event.enrol_before == harness.now - timedelta(minutes=3) + timedelta(hours=24)
    assert (request["password_hash"], request["code_hash"]) == (None, None)
    file = files("services.registration").joinpath("data/terms/fr.md").read_bytes()
    assert terms["sha256"] == hashlib.sha256(file).hexdigest()
    assert (terms["version"], terms["address"]) == (event.terms_version, "Pierre@labo.fr")
    assert terms["accepted_at"] == harness.now


async def test_re_12_twenty_parallel_posts_make_one_account(harness: RegistrationHarness) -> None:
    request_id = await harness.verified()
    answers = await asyncio.gather(*(harness.ask(harness.accept(request_id)) for _ in range(20)))
    assert {each.due for each in answers} == {"created"}
    assert await harness.count("accounts") == await harness.count("credentials") == 1
    assert await harness.count("terms_acceptances") == 1
    assert len(await harness.events(AccountCreated)) == 1


async def test_au_13_terms_before_the_verification_are_refused(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    assert (await harness.refusal(harness.accept(view.request_id))).slug == "not_verified"
    assert await harness.count("accounts") == 0


async def test_re_13_changed_terms_must_be_accepted_again(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    async with harness_with(**public) as harness:
        request_id = await harness.verified()
        shown = await harness.ask(DescribeTerms(language="en"))
        assert (shown.version, shown.date, shown.model) == ("3", "2026-01-10", False)
        old = AcceptTerms(
            request_id=request_id, terms_version="2", terms_sha256="0" * 64, language="fr"
        )
        refusal = await harness.refusal(old)
        assert refusal.slug == "terms_changed"
        assert refusal.params == {"version": "3", "date": "2026-01-10"}
        assert (await harness.ask(harness.accept(request_id, "en"))).due == "created"


async def test_the_creation_voids_the_other_requests_of_the_address(
    harness: RegistrationHarness,
) -> None:
    request_id = await harness.verified()
    late = await harness.request(password=OTHER_PASSWORD)
    await harness.ask(harness.accept(request_id))
    assert (await harness.events(RequestExpired))[0].request_id == late.request_id


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO accounts SELECT gen_random_uuid(), address, address_key, first_name,"
        " last_name, language, state, created_at, verified_at FROM accounts",
        "UPDATE accounts SET state = 'asleep'",
        "UPDATE accounts SET first_name = ''",
        "UPDATE credentials SET password_hash = 'Kvfz9rLq'",
        "UPDATE requests SET state = 'pending'",
        "UPDATE requests SET created_at = NULL",
        "UPDATE requests SET decoy = true",
        "UPDATE requests SET kept_until = sent_at",
        "UPDATE requests SET mail_state = 'lost'",
        "INSERT INTO links SELECT '\\x00', request_id, expires_at FROM links",
        "UPDATE links SET wrong_passwords = -1",
    ],
)
async def test_db_01_the_schema_refuses_what_the_rules_refuse(
    harness: RegistrationHarness, sql: str
) -> None:
    await harness.account()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with transaction(harness.pool) as tx:
            await tx.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE terms_acceptances SET accepted_at = now()",
        "UPDATE terms_acceptances SET address = 'other@labo.fr'",
        "DELETE FROM terms_acceptances",
        "TRUNCATE terms_acceptances",
    ],
)
async def test_s_14_an_acceptance_of_terms_is_never_changed(
    harness: RegistrationHarness, sql: str
) -> None:
    """The service's own role may only add one; deleting the account does not delete it either."""
    await harness.account()
    before = await harness.fetch("SELECT * FROM terms_acceptances")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await harness.fetch(sql)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await harness.fetch("DELETE FROM accounts")
    assert await harness.fetch("SELECT * FROM terms_acceptances") == before


async def test_s_14_accepting_the_same_terms_again_is_another_row(
    harness: RegistrationHarness,
) -> None:
    """As by a person whose account got its credentials back: the first moment stays."""
    await harness.account()
    again = "INSERT INTO terms_acceptances SELECT account_id, version, language, sha256, address, "
    await harness.fetch(f"{again} accepted_at + interval '1 day' FROM terms_acceptances")
    rows = await harness.fetch("SELECT accepted_at FROM terms_acceptances ORDER BY accepted_at")
    assert len(rows) == 2
    with pytest.raises(asyncpg.UniqueViolationError):
        await harness.fetch(f"{again} accepted_at FROM terms_acceptances")
