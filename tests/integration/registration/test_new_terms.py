"""A new version of the terms, asked of every holder at the next sign-in (V-03, RE-13)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.registration.terms import Terms
from shared.contracts.registration.holder import AcceptNewTerms
from shared.contracts.registration.views import Done
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder
from tests.support.harness.registration import PASSWORD, RegistrationHarness


def publish(harness: RegistrationHarness, version: str, binding: str) -> Mapping[str, Terms]:
    """Put another version of the terms in force."""
    terms = {
        language: replace(one, version=version, binding=binding, sha256=f"{number}" * 64)
        for number, (language, one) in enumerate(harness.deps.terms.items(), 1)
    }
    object.__setattr__(harness.deps, "terms", terms)
    return terms


def accept(holder: HarnessAccountHolder, terms: Terms) -> AcceptNewTerms:
    """Accept what the page shows."""
    return AcceptNewTerms(
        account_id=holder.account_id,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        language=terms.language,
    )


async def bind_at(harness: RegistrationHarness) -> datetime | None:
    """From when terms bind that are due, as the sign-in answers."""
    harness.advance(seconds=1)
    found: datetime | None = (await harness.ask(harness.sign_in(ADDRESS, PASSWORD))).terms_bind_at
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_v_03_a_new_version_is_due_until_it_is_accepted(
    harness: RegistrationHarness, language: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    assert await bind_at(harness) is None, "accepted with the account"
    terms = publish(harness, "2", "2026-02-01")
    assert await bind_at(harness) == datetime(2026, 1, 31, 23, tzinfo=UTC), "midnight in Paris"
    before = await harness.fetch("SELECT * FROM terms_acceptances")
    for _ in range(2):
        assert await harness.ask(accept(holder, terms[language])) == Done()
    assert await bind_at(harness) is None
    after = await harness.fetch("SELECT * FROM terms_acceptances ORDER BY accepted_at")
    assert (after[:1], len(after)) == (before, 2), "what was accepted first stays as it is"
    assert (after[1]["version"], after[1]["language"]) == ("2", language)


async def test_v_03_only_what_was_shown_is_accepted(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    shown = publish(harness, "2", "2026-02-01")["fr"]
    publish(harness, "3", "2026-03-01")
    refusal = await harness.refusal(accept(holder, shown))
    assert (refusal.slug, refusal.params["version"]) == ("terms_changed", "3")
    unknown = replace(holder, account_id="5e1b2f7e-0000-4000-8000-000000000000")
    assert (await harness.refusal(accept(unknown, shown))).slug == "unknown_account"
