"""Accounts in words, as lists and the account's page show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.contracts.support.looks import AccountRow
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import PARIS

#: The state of an account, and its look among the design system's badges.
STATES: dict[str, tuple[str, str]] = {
    "active": (N_("Actif"), "success"),
    "frozen": (N_("Bloqué"), "warning"),
    "thawing": (N_("Bloqué, mot de passe déjà changé"), "warning"),
    "deactivated": (N_("Désactivé"), "error"),
    "no_password": (N_("Sans mot de passe"), "info"),
}


@dataclass(frozen=True, kw_only=True)
class ShownAccount:
    """A line of a list of accounts, in words. `person` is empty while registration is away;
    `last_sign_in` is a day of Paris."""

    account_id: str
    person: str
    address: str
    establishment: str
    town: str
    state: str
    badge: str
    last_sign_in: date | None


def state_text(state: str, lang: str) -> str:
    """The state of an account in words; empty where it is not known."""
    return translate(STATES[state][0], lang) if state in STATES else ""


def state_badge(state: str) -> str:
    """The look of a state; the word alone carries the meaning."""
    return STATES[state][1] if state in STATES else "new"


def shown_rows(rows: Iterable[AccountRow], lang: str) -> list[ShownAccount]:
    """The lines of a list."""
    return [
        ShownAccount(
            account_id=row.account_id,
            person=row.person,
            address=row.address,
            establishment=row.establishment,
            town=row.town,
            state=state_text(row.state, lang),
            badge=state_badge(row.state),
            last_sign_in=row.last_sign_in and row.last_sign_in.astimezone(PARIS).date(),
        )
        for row in rows
    ]
