"""Ids of accounts as messages bring them. Pure."""

from collections.abc import Iterable
from uuid import UUID


def account_ids(texts: Iterable[str]) -> list[str]:
    """Those of these texts that are ids of accounts, each once, as they are stored."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[str(UUID(text))] = None
        except ValueError:
            continue
    return list(found)
