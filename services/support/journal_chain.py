"""The links that chain the entries of the journal, and the anchors over the chain. Pure.

Every entry gets one link, with a number of its own that leaves no gap. The code of a link covers
its row, the code of its entry and the code of the link before it; links of an account also count,
and name the one before. Whoever has no key can add, change, move or remove nothing unseen, except
at the end of the chain: an anchor, kept where the database is not, says how far it once went.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from services.support.journal_entries import Entry
from services.support.journal_rules import RETENTION
from shared.security.sealing import KeyRing

LINK_PURPOSE = b"journal link\n"
ANCHOR_PURPOSE = b"journal anchor\n"
#: What stands before the first link.
START = hashlib.sha256(b"journal").digest()

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, kw_only=True)
class Link:
    """One row of the chain. `previous` is the number of the account's link before, 0 for its first;
    links of entries without an account have neither count. `expires_at`: from then on the entry may
    be gone."""

    number: int
    entry_number: int
    entry_mac: bytes
    account_id: str | None
    account_number: int
    previous: int
    expires_at: datetime | None
    key_id: str = ""
    mac: bytes = b""


def link_code(key: bytes, previous_mac: bytes, *columns: object) -> bytes:
    """The code of a link's columns in the order of `Link`. JSON keeps them apart."""
    return hmac.digest(key, LINK_PURPOSE + previous_mac + _encode(columns), "sha256")


@dataclass(frozen=True, kw_only=True)
class Tail:
    """The last link of the chain, or of an account: its number, count and code."""

    number: int
    account_number: int
    mac: bytes


#: Before the first link.
EMPTY = Tail(number=0, account_number=0, mac=START)


def append(
    entries: Iterable[tuple[int, Entry]],
    tail: Tail,
    accounts: Mapping[str, Tail],
    keys: KeyRing,
) -> list[Link]:
    """The links of these entries, by their numbers, in their order, behind `tail`; `accounts` are
    the accounts' last links."""
    key_id, key = keys.current
    last, known = tail, dict(accounts)
    made: list[Link] = []
    for entry_number, entry in entries:
        before = known.get(entry.account_id, EMPTY) if entry.account_id else EMPTY
        number = last.number + 1
        account_number = before.account_number + 1 if entry.account_id else 0
        expires_at = entry.at + RETENTION if entry.expires else None
        mac = link_code(
            key, last.mac, number, entry_number, entry.mac, entry.account_id, account_number,
            before.number, expires_at,
        )  # fmt: skip
        link = Link(
            number=number,
            entry_number=entry_number,
            entry_mac=entry.mac,
            account_id=entry.account_id,
            account_number=account_number,
            previous=before.number,
            expires_at=expires_at,
            key_id=key_id,
            mac=mac,
        )
        made.append(link)
        last = Tail(number=link.number, account_number=link.account_number, mac=mac)
        if entry.account_id:
            known[entry.account_id] = last
    return made


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """How far the chain went at a moment: the number and the code of its last link."""

    at: datetime
    number: int
    link_mac: bytes
    key_id: str = ""
    mac: bytes = b""

    def code(self, key: bytes) -> bytes:
        """The HMAC-SHA-256 of the row."""
        columns = (self.at, self.number, self.link_mac.hex())
        return hmac.digest(key, ANCHOR_PURPOSE + _encode(columns), "sha256")

    def fields(self) -> dict[str, str | int]:
        """The fields of its line, in a file of anchors as in the log."""
        return {
            "anchored_at": self.at.isoformat(),
            "number": self.number,
            "chain": self.link_mac.hex(),
            "key_id": self.key_id,
            "mac": self.mac.hex(),
        }

    def line(self) -> str:
        """The line of a file of anchors, without its end."""
        return json.dumps(self.fields())


def anchor(tail: Tail, at: datetime, keys: KeyRing) -> Anchor:
    """The anchor of a chain that ends in `tail`."""
    key_id, key = keys.current
    made = Anchor(at=at.astimezone(UTC), number=tail.number, link_mac=tail.mac)
    return Anchor(
        at=made.at, number=made.number, link_mac=made.link_mac, key_id=key_id, mac=made.code(key)
    )


def read_anchors(text: str) -> list[Anchor]:
    """The anchors of a file, or of lines of the log. ValueError names a line that is not one; a
    last line without an end was cut while it was written, and is left out."""
    found: list[Anchor] = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not line.strip() or not line.endswith("\n"):
            continue
        try:
            row = json.loads(line)
            found.append(
                Anchor(
                    at=datetime.fromisoformat(row["anchored_at"]).astimezone(UTC),
                    number=int(row["number"]),
                    link_mac=bytes.fromhex(row["chain"]),
                    key_id=str(row["key_id"]),
                    mac=bytes.fromhex(row["mac"]),
                )
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"line {number} is no anchor") from None
    return found
