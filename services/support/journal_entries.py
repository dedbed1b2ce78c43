"""Entries of the journal: what is written of an event, and the code that proves who wrote it. Pure.

An entry is made once, by a process that has the keys: its code is an HMAC over everything in its
row. Values about a person are stored apart with a salt of their own, and the entry holds their
digest: they can be deleted and the entry still proves itself.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.support.journal_rules import EVENT_RULES, RECORD_RULES, EntryRule, stored_fields
from shared.contracts.base import Event, Sealed
from shared.security.sealing import KeyRing

SALT_BYTES = 16
#: The owner in the type of what the desk records without an event.
OWN = "support."
#: Separate codes for separate uses of one key.
ENTRY_PURPOSE = b"journal entry\n"


@dataclass(frozen=True, kw_only=True)
class Values:
    """What an entry says about a person: a JSON object, and the salt of its digest."""

    salt: bytes
    text: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of salt and values: without the salt nobody can guess the values from it."""
        return hashlib.sha256(self.salt + self.text.encode()).digest()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the journal, without its number.

    `at` is when it happened and `heard_at` when it was written, both in UTC. `public` is a JSON
    object. `mac` is the code under the key `key_id`.
    """

    id: str
    account_id: str | None
    agent_id: str | None
    type: str
    section: str
    at: datetime
    heard_at: datetime
    expires: bool
    public: str
    values_digest: bytes | None
    key_id: str = ""
    mac: bytes = b""

    def is_forged(self, keys: KeyRing) -> bool:
        """Whether nobody with the key that it names wrote it. An unknown key proves nothing."""
        key = keys.get(self.key_id)
        return key is not None and not hmac.compare_digest(self.code(key), self.mac)

    def code(self, key: bytes) -> bytes:
        """The HMAC-SHA-256 of the row under `key`."""
        return entry_code(
            key,
            self.id,
            self.account_id,
            self.agent_id,
            self.type,
            self.section,
            self.at,
            self.heard_at,
            self.expires,
            self.public,
            self.values_digest,
        )


_encode = msgspec.json.Encoder().encode


def entry_code(key: bytes, *columns: object) -> bytes:
    """The code of an entry's columns in the order of `Entry`. JSON keeps them apart."""
    return hmac.digest(key, ENTRY_PURPOSE + _encode(columns), "sha256")


def entry_of_event(
    event: Event,
    *,
    id: str,
    subject: str | None,
    at: datetime,
    now: datetime,
    keys: KeyRing,
    salt: bytes,
) -> tuple[Entry, Values | None]:
    """The entry of an event, by its row in `EVENT_RULES`; `salt` is new random bytes.

    A subject that is no account's id is stored among the public fields.
    """
    rule, fields = EVENT_RULES[event.TYPE], stored_fields(event.TYPE)
    public = _plain(event, fields.public)
    personal = _plain(event, fields.personal)
    subject_id = as_uuid(subject)
    if subject is not None and subject_id is None:
        public["subject"] = subject
    account_id = subject_id
    if rule.about == "agent":
        account_id, public["about_agent"] = None, subject_id
    return _entry(
        rule,
        event.TYPE,
        id=id,
        account_id=account_id,
        agent_id=_agent(event, rule, subject_id),
        at=at,
        now=now,
        public=public,
        personal=personal,
        keys=keys,
        salt=salt,
    )


def _agent(event: Event, rule: EntryRule, subject_id: str | None) -> str | None:
    """The id of the agent who did it."""
    if rule.agent == "subject":
        return subject_id
    return as_uuid(getattr(event, rule.agent)) if rule.agent else None


def entry_of_record(
    what: str,
    *,
    id: str,
    account_id: str | None,
    agent_id: str | None,
    now: datetime,
    fields: Mapping[str, Any],
    keys: KeyRing,
    salt: bytes,
) -> tuple[Entry, Values | None]:
    """The entry of something that the desk did without an event, by its row in `RECORD_RULES`.

    Raises ValueError for a field that the row does not name, or a sealed one.
    """
    rule = RECORD_RULES[what]
    unknown = set(fields) - {*rule.public, *rule.personal}
    if unknown:
        raise ValueError(f"{what} has no field {', '.join(sorted(unknown))}")
    if any(isinstance(value, Sealed) for value in fields.values()):
        raise ValueError(f"{what} has a sealed field")
    return _entry(
        rule,
        f"{OWN}{what}",
        id=id,
        account_id=account_id,
        agent_id=agent_id,
        at=now,
        now=now,
        public={name: fields[name] for name in rule.public if name in fields},
        personal={name: fields[name] for name in rule.personal if name in fields},
        keys=keys,
        salt=salt,
    )


def as_uuid(text: str | None) -> str | None:
    """The id in its usual form, or None."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def _plain(event: Event, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that are set. None and empty texts say nothing."""
    found = {name: getattr(event, name) for name in names}
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def _entry(
    rule: EntryRule,
    entry_type: str,
    *,
    id: str,
    account_id: str | None,
    agent_id: str | None,
    at: datetime,
    now: datetime,
    public: Mapping[str, Any],
    personal: Mapping[str, Any],
    keys: KeyRing,
    salt: bytes,
) -> tuple[Entry, Values | None]:
    values = Values(salt=salt, text=_encode(personal).decode()) if personal else None
    key_id, key = keys.current
    columns: dict[str, Any] = {
        "id": id,
        "account_id": account_id,
        "agent_id": agent_id,
        "type": entry_type,
        "section": rule.section,
        "at": at.astimezone(UTC),
        "heard_at": now.astimezone(UTC),
        "expires": rule.expires,
        "public": _encode(public).decode(),
        "values_digest": None if values is None else values.digest,
    }
    mac = entry_code(key, *columns.values())
    return Entry(**columns, key_id=key_id, mac=mac), values
