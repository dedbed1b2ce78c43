"""Statements that functions put together, as they are executed, and the parts that they come from.

Effects of events are planned with their inbox row; other statements are taken from the functions
that execute them.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.dossiers import store as dossiers
from services.gateway.desk.agent_sessions import AGENT_SESSIONS
from services.gateway.portal.applicant_sessions import APPLICANT_SESSIONS
from services.gateway.sessions.session_table import SessionTable
from services.mailer import claims, operator_mails
from services.mailer import store as mailer
from services.push import operator_deliveries
from services.push import store as push
from services.registration import account_request_store, dormancy_store, purge
from services.support import journal_query_store, journal_store
from services.support.lost_phone_store import HAS_ALONE
from services.support.proposal_store import HAS_OPEN_ACT
from services.support.request_store import COUNT_QUEUE, HAS_LOST_PHONE, LIST_QUEUE, QUEUE_ORDERS
from shared.messaging.handlers import SqlEffect
from shared.outbox.inbox import apply_once
from tests.support.statements import Statement

NOW = datetime.now(UTC)
ID = str(UUID(int=7))
OWNERS = (mailer.Owner("request_id", ID), mailer.Owner("subject", ID))


class _Recorder:
    """Stands for a transaction: nothing is there, and the statements are kept."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def fetch(self, sql: str, *_values: Any) -> list[Any]:
        self.texts.append(sql)
        applied = {"applied": True, "left_undone": False}
        return [applied] if "AS left_undone" in sql else []

    async def fetchval(self, sql: str, *_values: Any) -> None:
        self.texts.append(sql)

    async def fetchrow(self, sql: str, *_values: Any) -> None:
        self.texts.append(sql)

    async def execute(self, sql: str, *_values: Any) -> str:
        self.texts.append(sql)
        return "UPDATE 0"

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_error: object) -> None: ...

    def transaction(self) -> "_Recorder":
        return self


Work = Callable[[Any], Awaitable[object]]


def _text(sql: str) -> Work:
    return lambda tx: tx.execute(sql)


def _without(sql: str, *places: str) -> str:
    """The statement where these texts are empty."""
    for place in places:
        sql = sql.replace(place, f"coalesce(nullif({place}::text, {place}), '')")
    return sql


def _effect(sql: str, *then: str, unless: str = "") -> Work:
    return lambda tx: apply_once(tx, "c", ID, SqlEffect(sql, (), then, unless))


def _mails() -> dict[str, Work]:
    return {
        "claims.due": lambda tx: claims.due(tx, 20, NOW),
        "claims.abandoned": lambda tx: claims.abandoned(tx, 20),
        "operator_mails.show_mail": lambda tx: operator_mails.show_mail(tx, UUID(ID)),
        **{
            f"store.{name} ({owner.column})": work
            for owner in OWNERS
            for name, work in {
                "is_obsolete": lambda tx, owner=owner: mailer.is_obsolete(tx, "t", owner, NOW),
                "drop_older": lambda tx, owner=owner: mailer.drop_older(tx, "t", owner, NOW, NOW),
            }.items()
        },
        "store.close_request": lambda tx: mailer.close_request(tx, ID, NOW),
        "operator_mails.send_all_refused": lambda tx: operator_mails.send_all_refused(tx, NOW),
    }


def _journal(sections: list[str], **more: str | None) -> Work:
    chosen = {"account_id": None, "agent_id": None} | more
    return lambda tx: journal_query_store.read_journal(
        tx, NOW, NOW, sections=sections, before=10, limit=20, **chosen
    )


def _sessions(table: SessionTable) -> dict[str, str]:
    return {
        f"session_table.{name}": getattr(table, name) for name in ("find", "of_account", "insert")
    }


UNLESS = (
    f"{HAS_OPEN_ACT} union all {HAS_LOST_PHONE}",
    HAS_ALONE,
)
WORKS: dict[str, dict[str, Work]] = {
    "dossiers": {
        "store.upsert": _effect(dossiers.SAVE, dossiers.SAVE_OUTCOME, dossiers.SAVE_NOTICE)
    },
    "mailer": _mails(),
    "push": {
        "store.insertion": _effect(push._INSERT),
        "operator_deliveries.replay": lambda tx: operator_deliveries.replay(tx, "p", UUID(ID), NOW),
        "operator_deliveries.replay_failed": (
            lambda tx: operator_deliveries.replay_failed(tx, "p", NOW)
        ),
    },
    "registration": {
        "account_request_store.set_mail_status": _effect(account_request_store.SET_MAIL_STATUS),
        "dormancy_store.record_session": _effect(
            dormancy_store.RECORD_SIGN_IN,
            dormancy_store.RECORD_SECOND_FACTOR,
            dormancy_store.SPARE,
            unless=dormancy_store.IS_NOT_ACTIVE,
        ),
    },
    "support": {
        **{
            f"journal_store.insert_entry#{number}": _effect(
                journal_store.INSERT, journal_store.INSERT_VALUES, unless=unless
            )
            for number, unless in enumerate(("", *UNLESS))
        },
        "journal_query_store.read_journal (agents)": _journal(["agents"]),
        "journal_query_store.read_journal (all)": _journal(["agents", "mails"]),
        "journal_query_store.read_journal (account)": _journal(["mails"], account_id=ID),
        "journal_query_store.read_journal (agent)": _journal(["agents"], agent_id=ID),
        **{
            f"request_store.LIST_QUEUE ({name})": _text(f"{LIST_QUEUE} order by {order} limit 25")
            for name, order in QUEUE_ORDERS.items()
        },
        "request_store.LIST_QUEUE (all open)": _text(
            _without(f"{LIST_QUEUE} order by {QUEUE_ORDERS['due']} limit 25", "$1", "$3")
        ),
        "request_store.COUNT_QUEUE (all open)": _text(_without(COUNT_QUEUE, "$1", "$3")),
    },
}
TEXTS = {
    "desk": _sessions(AGENT_SESSIONS),
    "gateway": _sessions(APPLICANT_SESSIONS),
    "registration": {
        f"purge.{table}": purge.DELETE_EXPIRED.format(table=table, key=key, expiry=expiry)
        for table, key, expiry, _ in purge.EXPIRING
    },
}
#: What is no statement by itself: parts of those above, or of what is said.
FRAGMENTS = {
    "services.dossiers.outcome_log._SELECT": "an operator's command that reads a month of outcomes",
    "services.dossiers.store.COUNT": "planned in tests/integration/dossiers/test_plans.py",
    "services.dossiers.store.SAVE": "store.upsert",
    "services.dossiers.store.SAVE_NOTICE": "store.upsert",
    "services.dossiers.store.SAVE_OUTCOME": "store.upsert",
    "services.dossiers.store.SELECT": "planned in tests/integration/dossiers/test_plans.py",
    "services.dossiers.store.UPSERT": "store.upsert",
    "services.gateway.sessions.session_table.SessionTable._alive": "session_table.find",
    "services.gateway.sessions.session_table.SessionTable.insert": "session_table.insert",
    "services.mailer.claims._locked": "claims.due, claims.abandoned",
    "services.mailer.operator_mails._BEGIN_ANEW": "operator_mails.send_all_refused",
    "services.mailer.operator_mails._LISTED": "operator_mails.show_mail",
    "services.mailer.store._drop": "store.drop_older, store.close_request",
    "services.mailer.store.is_obsolete": "store.is_obsolete",
    "services.push.operator_deliveries._AGAIN": "operator_deliveries.replay",
    "services.push.store._INSERT": "store.insertion",
    "services.registration.account_request_store.SET_MAIL_STATUS": "set_mail_status",
    "services.registration.account_store.SELECT": "account_store.READ, FIND_BY_ADDRESS",
    "services.registration.dormancy_store.IS_NOT_ACTIVE": "dormancy_store.record_session",
    "services.registration.dormancy_store.RECORD_SECOND_FACTOR": "dormancy_store.record_session",
    "services.registration.dormancy_store.RECORD_SIGN_IN": "dormancy_store.record_session",
    "services.registration.dormancy_store.SPARE": "dormancy_store.record_session",
    "services.registration.mailed_link_store.SELECT": "mailed_link_store.FIND",
    "services.registration.purge.DELETE_EXPIRED": "one for each table that expires",
    "services.support.journal_query_store.JOURNAL": "journal_query_store.read_journal",
    "services.support.journal_store.INSERT": "journal_store.insert_entry",
    "services.support.journal_store.INSERT_VALUES": "journal_store.insert_entry",
    "services.support.lost_phone_store.CASE": "lost_phone_store.FIND",
    "services.support.lost_phone_store.HAS_ALONE": "journal_store.insert_entry",
    "services.support.proposal_store.HAS_OPEN_ACT": "journal_store.insert_entry",
    "services.support.request_store.HAS_LOST_PHONE": "journal_store.insert_entry",
    "services.support.request_store.LIST_QUEUE": "one for each order",
    "services.support.request_store.SELECT": "request_store.FIND",
    "services.support.service.SERVICE": "journal_store.insert_entry",
    "shared.outbox.inbox._ANYWAY": "those of every effect",
    "shared.outbox.inbox._ONCE": "those of every effect",
    "shared.outbox.outbox.INSERT_RESERVED": "outbox._INSERT_RESERVED",
}


async def composed(service: str) -> list[Statement]:
    """The statements of a service that stand nowhere in its code as a whole."""
    made = [Statement(name, text) for name, text in TEXTS.get(service, {}).items()]
    for name, work in WORKS.get(service, {}).items():
        recorder = _Recorder()
        await work(recorder)
        made += [Statement(name, text) for text in recorder.texts]
    return made
