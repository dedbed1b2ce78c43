"""An agent with a session of the desk, and people whom the desk looks up, written into the tables:
how they came there is tested elsewhere."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
from yarl import URL

from services.gateway.sessions.tokens import token_hash
from shared.contracts.profile.views import ProfileFields
from shared.i18n.dates import PARIS
from shared.security.sealing import new_token
from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.desk import Desk

INSERT_AGENT = """
insert into support.agents (id, address, address_key, first_name, last_name, language, role, state,
    since, password_hash, pepper_key_id, joined_at)
values ($1, $2, lower($2), 'Zoé', 'Martin', 'fr', $3, 'active', $4,
    '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 't1', $4)
"""
INSERT_SESSION = """
insert into desk.sessions (token_hash, id, account_id, level, due, address, first_name, last_name,
    role, device, network, opened_at, proved_at, code_at, seen_at, ends_at)
values ($1, gen_random_uuid(), $2, 'full', 'code', $3, 'Zoé', 'Martin', $4, 'Firefox, Windows',
    '127.0.0.0/24', $5, $5, $5, $5, $6)
"""
INSERT_ACCOUNT = """
insert into registration.accounts (id, address, address_key, first_name, last_name, language,
    created_at, verified_at)
values ($1, $2, lower($2), $3, $4, 'fr', $5, $5)
"""
INSERT_PROFILE = """
insert into profile.profiles (account_id, state, version, fields, country, siret, terms_version,
    terms_at, saved_at, validated_at)
values ($1, 'validated', 1, $2, 'FR', $3, '1', $4, $4, $4)
"""

INSERT_HOLDER = """
insert into mailer.directory (account_id, address, first_name, last_name, language, known_at)
values ($1, 'elodie@labo.fr', 'Élodie', 'Durand', 'fr', now()) on conflict do nothing
"""
INSERT_ACT = """
INSERT INTO operations.letter_acts
    (act_id, act, service, fault, agent_id, reason, ordered_at, tries)
VALUES ($1, 'replay', $2, $3, $4, '', $5, $6)
"""
LEFT_ACT = """
INSERT INTO operations.letter_acts
    (act_id, act, service, fault, agent_id, reason, ordered_at, tries, done, lease_until)
VALUES ($1, 'replay', $2, $3, $4, '', $5, 1, $6, $7)
"""
INSERT_MAIL = """
insert into mailer.deliveries (mail_id, cause, template, subject, language, address, facts,
    asked_at, written_at, expires_at, state, reason, ended_at)
values ($1, $2, $5, $3, 'fr', 'elodie@labo.fr',
    '{"first_name": "Élodie", "last_name": "Durand", "at": "2026-01-15T12:00:00Z"}', now(), now(),
    now(), $4, 'unknown_mailbox', case when $4 = 'refused' then now() end)
"""
INSERT_LOOKS = """
insert into support.account_looks (agent_id, day, account_id, reasons, opened_at)
select $1, $2, gen_random_uuid(), '{question}', now() from generate_series(1, $3::int)
"""


@dataclass(frozen=True)
class DeskAgent:
    """A signed-in agent."""

    id: str
    browser: HttpBrowser


async def signed_in_agent(
    desk: Desk, role: str = "agent", address: str = "", language: str = "fr"
) -> DeskAgent:
    """A new agent of a role, in a browser with a full session."""
    agent_id, token, now = str(uuid4()), new_token(), desk.clock()
    address = address or f"{agent_id[:8]}@ansm.sante.fr"
    await _execute(desk, INSERT_AGENT, agent_id, address, role, now)
    ends_at = now + timedelta(hours=8)
    await _execute(desk, INSERT_SESSION, token_hash(token), agent_id, address, role, now, ends_at)
    browser = desk.browser(language)
    browser.session.cookie_jar.update_cookies({"impex-desk-session": token}, URL(desk.base))
    return DeskAgent(agent_id, browser)


async def add_account(
    desk: Desk, address: str, first_name: str, last_name: str, /, **fields: str
) -> str:
    """A validated account with these fields of its information."""
    account_id, now = str(uuid4()), desk.clock()
    names = {"first_name": first_name, "last_name": last_name}
    await _execute(desk, INSERT_ACCOUNT, account_id, address, first_name, last_name, now)
    text = msgspec.json.encode(ProfileFields(**{**names, **fields})).decode()
    await _execute(desk, INSERT_PROFILE, account_id, text, fields.get("siret") or None, now)
    return account_id


async def add_mail(
    desk: Desk, account_id: str, state: str = "refused", template: str = "name_changed"
) -> str:
    """A mail to the account that its server refused, or that is held."""
    mail_id = str(uuid4())
    await _execute(desk, INSERT_HOLDER, account_id)
    await _execute(desk, INSERT_MAIL, mail_id, mail_id, account_id, state, template)
    return mail_id


async def order_act(desk: Desk, agent_id: str, service: str, fault: str, tries: int) -> None:
    """A replay of all letters of a fault that was ordered and has failed `tries` times."""
    await _execute(desk, INSERT_ACT, str(uuid4()), service, fault, agent_id, desk.clock(), tries)


async def leave_act(desk: Desk, agent_id: str, service: str, fault: str, done: int) -> None:
    """A replay of all letters of a fault as a process leaves it that was killed while at work."""
    until = desk.clock() + timedelta(seconds=60)
    await _execute(
        desk, LEFT_ACT, str(uuid4()), service, fault, agent_id, desk.clock(), done, until
    )


async def end_sessions(desk: Desk, agent_id: str) -> None:
    """End the sessions of an agent, as another gateway would."""
    await _execute(desk, "delete from desk.sessions where account_id = $1", agent_id)


async def open_many(desk: Desk, agent_id: str, count: int) -> None:
    """So many accounts that an agent opened today."""
    today = desk.clock().astimezone(PARIS).date()
    await _execute(desk, INSERT_LOOKS, agent_id, today, count)


async def search_many(desk: Desk, agent_id: str, count: int) -> None:
    """So many searches that an agent made today."""
    today = desk.clock().astimezone(PARIS).date()
    sql = "INSERT INTO support.account_searches (agent_id, day, made) VALUES ($1, $2, $3)"
    await _execute(desk, sql, agent_id, today, count)


async def journal_of(desk: Desk, agent_id: str) -> list[tuple[str, dict[str, Any]]]:
    """(type, what it says) of the journal's entries of an agent, oldest first."""
    sql = "select type, public from support.journal_entries where agent_id = $1 order by number"
    rows = await fetch(desk, sql, agent_id)
    return [(row["type"], msgspec.json.decode(row["public"])) for row in rows]


async def acts_on(desk: Desk, account_id: str) -> list[str]:
    """The acts that were proposed on an account."""
    sql = "select act from support.proposals where account_id = $1"
    return [row["act"] for row in await fetch(desk, sql, account_id)]


async def _execute(desk: Desk, sql: str, *values: object) -> None:
    await fetch(desk, sql, *values)


async def fetch(desk: Desk, sql: str, *values: object) -> list[Any]:
    """Rows of the database, read as its administrator."""
    connection = await asyncpg.connect(desk.system.database.admin_url)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()
