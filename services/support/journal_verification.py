"""Judges the journal: which rows were changed, removed, added or moved, and how far that is known.

Pure: rows come in the order of the links, by the functions of `journal_verification_store`. Whoever
has the rights of the service's role, or even of the database's administrator, but not the keys,
leaves traces here; only a cut of the end of the chain is seen by its anchors alone.
"""

import hmac
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from services.support.journal_chain import START, Anchor, link_code
from services.support.journal_entries import Values, entry_code
from shared.security.sealing import KeyRing

Kind = Literal[
    "changed", "removed", "added", "moved", "values_changed", "values_removed", "values_added",
    "cut", "anchor_changed", "anchor_removed", "unknown_key", "unlinked",
]  # fmt: skip
#: Findings that are listed; more are counted.
MAX_FINDINGS = 1_000
#: The type of the entry after which values of an account may be gone.
ANONYMISED = "support.AnonymisationOrdered.v1"
#: How far behind a broken link its neighbours are looked for.
NEIGHBOURS = 8


class ChainRow(NamedTuple):
    """A link, its entry and the entry's values, as selected; None where there is no such row."""

    number: int
    entry_number: int
    entry_mac: bytes
    link_account: str | None
    account_number: int
    previous: int
    expires_at: datetime | None
    link_key: str
    mac: bytes
    id: str | None
    account_id: str | None
    agent_id: str | None
    type: str | None
    section: str | None
    at: datetime | None
    heard_at: datetime | None
    expires: bool | None
    public: str | None
    values_digest: bytes | None
    key_id: str | None
    written_mac: bytes | None
    salt: bytes | None
    values: str | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong. `number` is the link's, `until` the last one of several."""

    kind: Kind
    number: int
    until: int = 0
    entry_number: int = 0
    entry_id: str = ""
    account_id: str = ""
    type: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a verification found. `anchored` is the last anchor that holds; what was linked after it
    could have been cut from the end without a trace."""

    links: int
    expired: int
    anchors: int
    anchored: Anchor | None
    findings: tuple[Finding, ...]
    total: int

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return self.total == 0


@dataclass
class _Account:
    """An account's entries without their values, and when it was anonymised."""

    missing: list[Finding] = field(default_factory=list)
    until_number: int = 0
    until_at: datetime | None = None


class Verification:
    """Checks one chain from its first link on."""

    def __init__(
        self,
        keys: KeyRing,
        now: datetime,
        anchors: Sequence[Anchor] = (),
        elsewhere: Sequence[Anchor] | None = None,
    ) -> None:
        """`anchors` are those of the table; `elsewhere`, those of a file, which a cut cannot take
        along: where they are given, they alone say how far the chain went."""
        self._keys = dict(keys.keys)
        self._now = now
        self._elsewhere = None if elsewhere is None else {one.mac for one in elsewhere}
        both = {one.mac: one for one in (*anchors, *(elsewhere or ()))}
        self._anchors = list(both.values())
        self._due: dict[int, list[Anchor]] = {}
        self._accounts: dict[str, _Account] = {}
        self._findings: list[Finding] = []
        self._total = 0
        self._links = 0
        self._expired = 0
        self._number = 0
        self._macs: deque[bytes] = deque([START], NEIGHBOURS)
        self._broken = False
        self._anchored: Anchor | None = None
        for one in sorted(self._anchors, key=lambda one: one.at):
            self._due.setdefault(one.number, []).append(one)
        self._check_anchors(0, START)
        self._find_removed_anchors({one.mac for one in anchors}, elsewhere or ())

    @property
    def number(self) -> int:
        """The number of the last link that was checked."""
        return self._number

    def check(self, rows: Iterable[ChainRow]) -> None:
        """Check the next links, in the order of their numbers."""
        for row in rows:
            self._check(row)

    def check_unlinked(self, rows: Iterable[ChainRow]) -> None:
        """Entries that should have a link for long and have none: their links are gone, or nobody
        linked them, or they were written by somebody without a key."""
        for row in rows:
            self._find("unlinked" if self._is_authentic(row) else "added", row)

    def report(self) -> Report:
        """The result, after the last row."""
        for account in self._accounts.values():
            for found in account.missing:
                before = account.until_number > found.entry_number
                late = account.until_at and found.at and found.at <= account.until_at
                if not (before or late):
                    self._add(found)
        for number, anchors in sorted(self._due.items()):
            for one in anchors:
                self._add(Finding(kind="cut", number=self._number + 1, until=number, at=one.at))
        return Report(
            links=self._links,
            expired=self._expired,
            anchors=len(self._anchors),
            anchored=self._anchored,
            findings=tuple(self._findings),
            total=self._total,
        )

    def _check(self, row: ChainRow) -> None:
        self._links += 1
        if row.number != self._number + 1:
            self._add(Finding(kind="removed", number=self._number + 1, until=row.number - 1))
        after_gap = row.number != self._number + 1
        self._number = row.number
        placed = self._check_place(row, after_gap)
        self._check_entry(row, placed)
        self._check_anchors(row.number, row.mac)

    def _check_place(self, row: ChainRow, after_gap: bool) -> bool:
        """Whether the link is where it was made."""
        key = self._keys.get(row.link_key)
        if key is None:
            self._find("unknown_key", row)
            self._add_mac(row.mac, broken=True)
            return True
        if hmac.compare_digest(link_code(key, self._macs[-1], *row[:7]), row.mac):
            self._add_mac(row.mac, broken=False)
            return True
        # Behind a broken link, this one may be right and follow one of those around.
        if self._broken and any(
            hmac.compare_digest(link_code(key, mac, *row[:7]), row.mac) for mac in self._macs
        ):
            self._add_mac(row.mac, broken=False)
            return True
        # Behind a link that is gone or broken nobody can say what it followed; the next one tells.
        if (after_gap or self._broken) and self._is_as_linked(row):
            self._add_mac(row.mac, broken=False)
            return True
        # If only the code was overwritten, the next link still follows the right one.
        self._macs.append(link_code(key, self._macs[-1], *row[:7]))
        self._add_mac(row.mac, broken=True)
        return False

    def _add_mac(self, mac: bytes, *, broken: bool) -> None:
        self._macs.append(mac)
        self._broken = broken

    def _check_entry(self, row: ChainRow, placed: bool) -> None:
        if row.id is None:
            if not placed:
                self._find("added", row)
            elif row.expires_at is None or row.expires_at > self._now:
                self._find("removed", row)
            else:
                self._expired += 1
            return
        if row.key_id not in self._keys:
            self._find("unknown_key", row)
            return
        if not placed:
            self._find("moved" if self._is_authentic(row) else "added", row)
        elif not self._is_as_linked(row):
            self._find("changed", row)
        else:
            self._check_values(row)

    def _check_values(self, row: ChainRow) -> None:
        if row.values is not None and row.salt is not None:
            if row.values_digest is None:
                self._find("values_added", row)
            elif Values(salt=row.salt, text=row.values).digest != row.values_digest:
                self._find("values_changed", row)
        elif row.values_digest is not None:
            account = self._accounts.setdefault(row.account_id or "", _Account())
            account.missing.append(_finding("values_removed", row))
        if row.type == ANONYMISED and row.account_id is not None:
            account = self._accounts.setdefault(row.account_id, _Account())
            account.until_number = row.entry_number
            account.until_at = row.at

    def _is_authentic(self, row: ChainRow) -> bool:
        """Whether the entry was written by somebody with a key and is as it was."""
        key = self._keys.get(row.key_id or "")
        written = row.written_mac or b""
        return key is not None and hmac.compare_digest(entry_code(key, *row[9:19]), written)

    def _is_as_linked(self, row: ChainRow) -> bool:
        """Whether the entry is authentic and the one that its link was made for."""
        same = hmac.compare_digest(row.written_mac or b"", row.entry_mac)
        return same and self._is_authentic(row)

    def _check_anchors(self, number: int, mac: bytes) -> None:
        for one in self._due.pop(number, ()):
            if not self._is_genuine(one):
                self._add(Finding(kind="anchor_changed", number=number, at=one.at))
            elif not hmac.compare_digest(one.link_mac, mac):
                self._add(Finding(kind="cut", number=number, until=number, at=one.at))
            elif (self._elsewhere is None or one.mac in self._elsewhere) and (
                self._anchored is None or one.at > self._anchored.at
            ):
                self._anchored = one

    def _find_removed_anchors(self, kept: set[bytes], elsewhere: Iterable[Anchor]) -> None:
        """Anchors of a file that the table, which had them too, lacks."""
        for one in elsewhere:
            if one.mac not in kept and self._is_genuine(one):
                self._add(Finding(kind="anchor_removed", number=one.number, at=one.at))

    def _is_genuine(self, one: Anchor) -> bool:
        key = self._keys.get(one.key_id)
        return key is not None and hmac.compare_digest(one.code(key), one.mac)

    def _find(self, kind: Kind, row: ChainRow) -> None:
        self._add(_finding(kind, row))

    def _add(self, found: Finding) -> None:
        self._total += 1
        if len(self._findings) < MAX_FINDINGS:
            self._findings.append(found)


def _finding(kind: Kind, row: ChainRow) -> Finding:
    return Finding(
        kind=kind,
        number=row.number,
        entry_number=row.entry_number,
        entry_id=row.id or "",
        account_id=row.account_id or row.link_account or "",
        type=row.type or "",
        at=row.at,
    )


_SENTENCES: dict[Kind, str] = {
    "changed": "the entry was changed",
    "removed": "was removed",
    "added": "was added by somebody without the key",
    "moved": "is not where it was written: moved, or its link was overwritten",
    "values_changed": "the values about the person were changed",
    "values_removed": "the values about the person were removed, without an order to anonymise",
    "values_added": "values about a person were added",
    "cut": "the chain was cut or replaced: it does not lead to the anchor",
    "anchor_changed": "the anchor was changed, or made by somebody without the key",
    "anchor_removed": "the anchor was removed from the table",
    "unknown_key": "its key is not in IMPEX_JOURNAL_KEYS",
    "unlinked": "has no link: it was removed, or nobody links entries",
}


def describe(found: Finding) -> str:
    """A finding as a line for operators."""
    which = f"link {found.number}" if found.number else f"entry {found.entry_number}"
    if found.until > found.number:
        which = f"links {found.number} to {found.until}"
    parts = [f"{which}: {_SENTENCES[found.kind]}"]
    if found.type:
        parts.append(found.type)
    if found.entry_id:
        parts.append(f"entry {found.entry_id}")
    if found.account_id:
        parts.append(f"account {found.account_id}")
    if found.at is not None:
        parts.append(f"{found.at:%Y-%m-%dT%H:%M:%SZ}")
    return ", ".join(parts)
