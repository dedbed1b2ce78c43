"""What the desk's searches of every owner have in common: readable texts, beginnings. Pure."""

from collections.abc import Sequence

from shared.contracts.account_search import (
    MAX_FOUND,
    MAX_SEARCH_LENGTH,
    FoundAccount,
    FoundAccountsView,
)
from shared.domain.typed_text import has_long_run_of_marks

#: Shorter beginnings of addresses and numbers match too much to help anybody.
MIN_BEGINNING = 3
#: Accounts that a query reads: one more than is shown tells whether there are others.
LIMIT = MAX_FOUND + 1
LAST_CHARACTER = "\U0010ffff"


def is_readable(text: str) -> bool:
    """Whether a text may be folded: in bounds, and nothing that no keyboard writes."""
    return (
        len(text.strip()) > 0 and len(text) <= MAX_SEARCH_LENGTH
        and "\0" not in text and not has_long_run_of_marks(text)
    )  # fmt: skip


def bounds(beginning: str) -> tuple[str, str]:
    """Between which two texts, by code points, everything lies that begins so."""
    return beginning, beginning + LAST_CHARACTER


def found_accounts(exact: Sequence[str], others: Sequence[str] = ()) -> FoundAccountsView:
    """The answer: exact ones first, each account once, at most `MAX_FOUND`."""
    wholly = set(exact)
    ids = list(dict.fromkeys([*exact, *others]))
    found = tuple(FoundAccount(account_id=one, exact=one in wholly) for one in ids[:MAX_FOUND])
    return FoundAccountsView(found=found, more=len(ids) > MAX_FOUND)
