"""The table of sessions of one front end: its columns, its statements, its events.

Both front ends have the same table but for the columns that only applicants, or only agents, have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from shared.contracts.base import Event

COMMON = (
    "id", "account_id", "level", "due", "address", "first_name", "last_name", "device", "network",
    "enrol_before", "enrolment_id", "failures", "next", "opened_at", "proved_at", "code_at",
    "seen_at", "ends_at",
)  # fmt: skip
#: Columns of type uuid, which are read as texts.
IDS = frozenset(("id", "account_id", "enrolment_id"))
#: The row of `session_revocations` that is about the sessions of everybody.
EVERYBODY = "00000000-0000-0000-0000-000000000000"
ALIVE = f"""
from sessions left join session_revocations using (account_id) {{joins}}
where coalesce(sessions.proved_at >= greatest(session_revocations.before,
    (select before from session_revocations where account_id = '{EVERYBODY}'),
    case when sessions.level = 'password' then session_revocations.partial_before end), true)
"""  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class NewSession:
    """A session that is about to be opened by both factors, as its event tells it."""

    session_id: str
    device: str
    network: str
    new_device: bool
    failures: int
    opened_at: datetime
    phone_replaced: bool


@dataclass(frozen=True, kw_only=True)
class SessionTable:
    """The sessions of one front end.

    `own_columns` are those beside `COMMON`, `computed` what a session is read with from the tables
    of `joins`. `owner` publishes `opened`, unless another service tells that, and `closed` (session
    id, reason, moment).
    """

    owner: str
    opened: Callable[[NewSession], Event] | None
    closed: Callable[[str, str, datetime], Event]
    own_columns: tuple[str, ...]
    computed: str = ""
    joins: str = ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a session's row, without the token."""
        return (*COMMON, *self.own_columns)

    @cached_property
    def find(self) -> str:
        """Selects the session of a token."""
        return f"{self._alive} and token_hash = $1"

    @cached_property
    def of_account(self) -> str:
        """Selects the full sessions of an account, the latest first."""
        return f"""{self._alive} and account_id = $1 and level = 'full'
order by opened_at desc, sessions.id"""

    @cached_property
    def insert(self) -> str:
        """Inserts a session under a token, unless it is there."""
        places = ", ".join(f"${number}" for number in range(2, len(self.columns) + 2))
        return f"""
insert into sessions (token_hash, {", ".join(self.columns)}) values ($1, {places})
on conflict (token_hash) do nothing
"""  # noqa: S608

    @property
    def _alive(self) -> str:
        names = [
            f"sessions.{name}::text" if name in IDS else f"sessions.{name}" for name in self.columns
        ]
        read = ", ".join([*names, *([self.computed] if self.computed else [])])
        return f"select {read} {ALIVE.format(joins=self.joins)}"
