"""What owners hold about accounts, as they write it down for the desk's service."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from shared.contracts.account_search import AccountRecordsView
from shared.security.sealing import Opener, Sealer, seal_context

T = TypeVar("T", bound=msgspec.Struct)


def seal_records(support: Sealer, records: Sequence[msgspec.Struct]) -> AccountRecordsView:
    """The answer with `records` as JSON that only support can open."""
    text = msgspec.json.encode(records).decode()
    sealed = support.seal(text, seal_context(AccountRecordsView, "records"))
    return AccountRecordsView(records=sealed)


def open_records(opener: Opener, view: AccountRecordsView, kind: type[T]) -> list[T]:
    """The records of an answer. Raises `DecryptionError`."""
    text = opener.open(view.records, seal_context(AccountRecordsView, "records"))
    return msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]
