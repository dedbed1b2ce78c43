"""The chain of the journal against somebody who may write to the database and has no key (LG-05).

A journal in memory is attacked row by row, as an administrator of the database could, and each
attack must be named.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.support.journal_chain import EMPTY, Anchor, Link, Tail, anchor, append, read_anchors
from services.support.journal_entries import Entry, Values, entry_of_event
from services.support.journal_verification import ChainRow, Report, Verification, describe
from shared.contracts.base import EVENTS
from shared.security.sealing import KeyRing, new_key
from tests.contract.samples import sample

KEYS = KeyRing.parse(new_key("k1"))
FORGER = KeyRing.parse(new_key("k1"))
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ACCOUNTS = [f"0197c0de-0000-7000-8000-{number:012}" for number in range(3)]
TYPES = (
    "registration.AccountCreated.v1",
    "registration.PasswordAccepted.v1",
    "gateway.SessionOpened.v1",
    "registration.AccountFrozen.v1",
    "mailer.MailAccepted.v1",
)


@dataclass
class MemoryJournal:
    """The tables, as dictionaries by their keys."""

    keys: KeyRing = KEYS
    entries: dict[int, Entry] = field(default_factory=dict)
    values: dict[int, Values] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    anchors: list[Anchor] = field(default_factory=list)

    def write(self, name: str, account: str | None, at: datetime = NOW, **more: Any) -> int:
        number = max(self.entries, default=0) + 1
        entry, values = entry_of_event(
            sample(EVENTS[name]),  # type: ignore[arg-type]
            id=f"0197c0de-0000-7000-9000-{number:012}",
            subject=account,
            at=at,
            now=at,
            keys=more.get("keys", self.keys),
            salt=number.to_bytes(16, "big"),
        )
        self.entries[number] = entry
        if values is not None:
            self.values[number] = values
        return number

    def link(self, *numbers: int) -> None:
        done = {link.entry_number for link in self.links.values()}
        due = numbers or tuple(number for number in sorted(self.entries) if number not in done)
        tails: dict[str, Tail] = {}
        for link in self.links.values():
            if link.account_id:
                tails[link.account_id] = Tail(
                    number=link.number, account_number=link.account_number, mac=link.mac
                )
        made = append([(one, self.entries[one]) for one in due], self.tail(), tails, self.keys)
        self.links |= {link.number: link for link in made}

    def tail(self) -> Tail:
        if not self.links:
            return EMPTY
        last = self.links[max(self.links)]
        return Tail(number=last.number, account_number=last.account_number, mac=last.mac)

    def anchor(self, at: datetime = NOW) -> Anchor:
        made = anchor(self.tail(), at, self.keys)
        self.anchors.append(made)
        return made

    def rows(self) -> list[ChainRow]:
        return [self.row(self.links[number]) for number in sorted(self.links)]

    def row(self, link: Link) -> ChainRow:
        entry = self.entries.get(link.entry_number)
        values = self.values.get(link.entry_number)
        columns: tuple[Any, ...] = (None,) * 12
        if entry is not None:
            columns = tuple(vars(entry).values())
        return ChainRow(
            link.number, link.entry_number, link.entry_mac, link.account_id, link.account_number,
            link.previous, link.expires_at, link.key_id, link.mac, *columns,
            values.salt if values else None, values.text if values else None,
        )  # fmt: skip

    def unlinked(self) -> list[ChainRow]:
        linked = {link.entry_number for link in self.links.values()}
        empty = Link(
            number=0, entry_number=0, entry_mac=b"", account_id=None, account_number=0, previous=0,
            expires_at=None,
        )  # fmt: skip
        return [
            self.row(replace(empty, entry_number=number))
            for number in sorted(self.entries)
            if number not in linked
        ]

    def verify(
        self,
        now: datetime = NOW,
        elsewhere: list[Anchor] | None = None,
        keys: KeyRing | None = None,
    ) -> Report:
        work = Verification(keys or self.keys, now, self.anchors, elsewhere)
        work.check(self.rows())
        work.check_unlinked(self.unlinked())
        return work.report()

    def found(self, **more: Any) -> list[tuple[str, int]]:
        return [(one.kind, one.number) for one in self.verify(**more).findings]


@pytest.fixture
def journal() -> MemoryJournal:
    """Sixty entries of three accounts and of none, anchored at the 30th link and at the end."""
    made = MemoryJournal()
    chance = random.Random(7)
    for number in range(60):
        made.write(TYPES[number % len(TYPES)], chance.choice([*ACCOUNTS, None]))
        if number == 29:
            made.link()
            made.anchor(NOW - timedelta(hours=1))
    made.link()
    made.anchor()
    return made


def test_lg_05_an_untouched_journal_is_intact(journal: MemoryJournal) -> None:
    report = journal.verify()
    assert report.intact
    assert (report.links, report.anchors, report.expired) == (60, 2, 0)
    assert report.anchored is not None
    assert report.anchored.number == 60


def test_links_count_within_their_account(journal: MemoryJournal) -> None:
    for account in ACCOUNTS:
        own = [link for link in journal.links.values() if link.account_id == account]
        assert [link.account_number for link in own] == list(range(1, len(own) + 1))
        assert [link.previous for link in own] == [0, *(link.number for link in own[:-1])]


def change(name: str, value: Any) -> Callable[[MemoryJournal], None]:
    def attack(journal: MemoryJournal) -> None:
        journal.entries[10] = replace(journal.entries[10], **{name: value})

    return attack


CHANGES = {
    "account_id": ACCOUNTS[0].replace("c0de", "beef"),
    "agent_id": ACCOUNTS[1],
    "type": "registration.AccountThawed.v1",
    "section": "agents",
    "at": NOW - timedelta(days=1),
    "heard_at": NOW - timedelta(days=1),
    "expires": True,
    "public": '{"by":"desk"}',
    "values_digest": b"x" * 32,
    "id": "0197c0de-0000-7000-9000-00000000beef",
    "mac": b"x" * 32,
}


@pytest.mark.parametrize("name", CHANGES)
def test_lg_05_every_changed_column_of_an_entry_is_found(journal: MemoryJournal, name: str) -> None:
    attacked = replace(journal.entries[10], **{name: CHANGES[name]})
    if attacked == journal.entries[10]:
        attacked = replace(attacked, **{name: not CHANGES[name]})
    journal.entries[10] = attacked
    assert journal.found() == [("changed", 10)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry_mac", b"x" * 32),
        ("account_id", None),
        ("account_number", 99),
        ("previous", 99),
        ("expires_at", NOW - timedelta(days=400)),
        ("mac", b"x" * 32),
    ],
)
def test_lg_05_every_changed_column_of_a_link_is_found(
    journal: MemoryJournal, name: str, value: Any
) -> None:
    if getattr(journal.links[10], name) == value:
        value = ACCOUNTS[0]
    journal.links[10] = replace(journal.links[10], **{name: value})
    assert journal.found() == [("moved", 10)]


def test_lg_05_a_removed_entry_is_found(journal: MemoryJournal) -> None:
    kept = next(number for number, link in journal.links.items() if link.expires_at is None)
    del journal.entries[journal.links[kept].entry_number]
    assert journal.found() == [("removed", kept)]


def test_lg_05_a_removed_link_and_its_entry_are_found(journal: MemoryJournal) -> None:
    del journal.entries[journal.links.pop(10).entry_number]
    assert journal.found() == [("removed", 10)]


def test_lg_05_a_removed_link_whose_numbers_close_the_gap_is_found(journal: MemoryJournal) -> None:
    del journal.entries[journal.links.pop(10).entry_number]
    for number in range(11, 61):
        journal.links[number - 1] = replace(journal.links.pop(number), number=number - 1)
    kinds = [kind for kind, _ in journal.found()]
    assert set(kinds) == {"moved", "cut"}
    assert len(kinds) >= 25


def test_lg_05_several_removed_links_are_named_as_a_range(journal: MemoryJournal) -> None:
    for number in (20, 21, 22):
        del journal.entries[journal.links.pop(number).entry_number]
    (found,) = journal.verify().findings
    assert (found.kind, found.number, found.until) == ("removed", 20, 22)
    assert describe(found) == "links 20 to 22: was removed"


def test_lg_05_two_entries_that_changed_places_are_found(journal: MemoryJournal) -> None:
    one, other = journal.links[10], journal.links[14]
    journal.links[10] = replace(other, number=10)
    journal.links[14] = replace(one, number=14)
    assert journal.found() == [("moved", 10), ("moved", 14)]


def test_lg_05_a_forged_entry_without_a_link_is_found(journal: MemoryJournal) -> None:
    journal.write("registration.AccountThawed.v1", ACCOUNTS[0], keys=FORGER)
    assert [kind for kind, _ in journal.found()] == ["added"]


def test_lg_05_a_forged_entry_with_a_forged_link_is_found(journal: MemoryJournal) -> None:
    number = journal.write("registration.AccountThawed.v1", ACCOUNTS[0], keys=FORGER)
    forged = append([(number, journal.entries[number])], journal.tail(), {}, FORGER)[0]
    journal.links[forged.number] = forged
    assert journal.found() == [("added", 61)]


def test_lg_05_the_chain_computed_again_without_the_key_is_found(journal: MemoryJournal) -> None:
    """Everything is consistent, under a key of the attacker's own."""
    again = MemoryJournal(keys=FORGER)
    for number in range(60):
        again.write(TYPES[number % len(TYPES)], ACCOUNTS[0])
    again.link()
    journal.entries, journal.values, journal.links = again.entries, again.values, again.links
    report = journal.verify()
    assert report.total >= 60
    assert report.anchored is None


def test_lg_05_a_cut_before_an_anchor_is_found(journal: MemoryJournal) -> None:
    for number in range(50, 61):
        del journal.entries[journal.links.pop(number).entry_number]
    (found,) = journal.verify().findings
    assert (found.kind, found.number, found.until) == ("cut", 50, 60)


def test_lg_05_a_cut_with_its_anchors_is_found_by_a_file_from_elsewhere(
    journal: MemoryJournal,
) -> None:
    shipped = list(journal.anchors)
    for number in range(50, 61):
        del journal.entries[journal.links.pop(number).entry_number]
    journal.anchors.pop()
    unseen = journal.verify()
    assert unseen.intact
    assert unseen.anchored is not None
    assert unseen.anchored.number == 30
    assert journal.found(elsewhere=shipped) == [("anchor_removed", 60), ("cut", 50)]


def test_lg_05_a_cut_after_the_last_anchor_is_what_cannot_be_seen(journal: MemoryJournal) -> None:
    journal.anchors.pop()
    for number in range(50, 61):
        del journal.entries[journal.links.pop(number).entry_number]
    report = journal.verify()
    assert report.intact
    assert report.anchored is not None
    assert (report.anchored.number, report.anchored.at) == (30, NOW - timedelta(hours=1))


def test_lg_05_an_anchor_without_the_key_is_found(journal: MemoryJournal) -> None:
    journal.anchors[0] = anchor(
        Tail(number=30, account_number=0, mac=b"y" * 32), journal.anchors[0].at, FORGER
    )
    assert journal.found() == [("anchor_changed", 30)]


def test_lg_05_an_entry_that_nobody_links_is_found(journal: MemoryJournal) -> None:
    journal.write("registration.AccountThawed.v1", ACCOUNTS[0])
    assert [kind for kind, _ in journal.found()] == ["unlinked"]


def test_lg_05_changed_and_added_values_are_found(journal: MemoryJournal) -> None:
    first = min(journal.values)
    journal.values[first] = replace(journal.values[first], text='{"address":"x@y.fr"}')
    without = next(number for number in journal.entries if number not in journal.values)
    journal.values[without] = Values(salt=b"s" * 16, text='{"device":"x"}')
    assert sorted(kind for kind, _ in journal.found()) == ["values_added", "values_changed"]


def test_lg_05_values_may_go_only_after_an_order_to_anonymise() -> None:
    journal = MemoryJournal()
    created = journal.write("registration.AccountCreated.v1", ACCOUNTS[0])
    other = journal.write("registration.AccountCreated.v1", ACCOUNTS[1])
    journal.link()
    del journal.values[created], journal.values[other]
    assert journal.found() == [("values_removed", 1), ("values_removed", 2)]
    order = journal.write("registration.AccountDeactivated.v1", ACCOUNTS[0])
    as_order = replace(
        journal.entries[order], type="support.AnonymisationOrdered.v1", key_id="", mac=b""
    )
    key_id, key = KEYS.current
    journal.entries[order] = replace(as_order, key_id=key_id, mac=as_order.code(key))
    journal.link()
    assert journal.found() == [("values_removed", 2)]


def test_lg_06_an_entry_that_expired_may_be_gone_and_no_other(journal: MemoryJournal) -> None:
    expiring = [link for link in journal.links.values() if link.expires_at is not None]
    for link in expiring:
        del journal.entries[link.entry_number]
        journal.values.pop(link.entry_number, None)
    assert len(expiring) >= 30
    report = journal.verify(now=NOW + timedelta(days=365))
    assert (report.intact, report.expired) == (True, len(expiring))
    assert [kind for kind, _ in journal.found(now=NOW + timedelta(days=364))] == ["removed"] * len(
        expiring
    )


def test_keys_are_rotated_and_the_former_ones_stay_in_the_ring(journal: MemoryJournal) -> None:
    journal.keys = KeyRing((*KeyRing.parse(new_key("k2")).keys, *KEYS.keys))
    journal.write("registration.AccountThawed.v1", ACCOUNTS[0])
    journal.link()
    assert journal.verify().intact
    assert {entry.key_id for entry in journal.entries.values()} == {"k1", "k2"}
    only_new = KeyRing(journal.keys.keys[:1])
    kinds = {one.kind for one in journal.verify(keys=only_new).findings}
    assert "unknown_key" in kinds


def test_a_file_of_anchors_is_read_as_it_was_written(journal: MemoryJournal) -> None:
    text = "".join(f"{one.line()}\n" for one in journal.anchors)
    assert read_anchors(text) == journal.anchors
    assert read_anchors(text[:-20]) == journal.anchors[:1]
    with pytest.raises(ValueError, match="line 2 is no anchor"):
        read_anchors(text.splitlines(keepends=True)[0] + "{}\n")
