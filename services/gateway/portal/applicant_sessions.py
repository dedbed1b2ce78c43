"""The table of applicants' sessions."""

from datetime import datetime

from services.gateway.sessions.session_table import NewSession, SessionTable
from shared.contracts.gateway import OWNER, SessionClosed, SessionOpened


def _opened(made: NewSession) -> SessionOpened:
    return SessionOpened(**vars(made))


def _closed(session_id: str, reason: str, closed_at: datetime) -> SessionClosed:
    return SessionClosed(session_id=session_id, reason=reason, closed_at=closed_at)


APPLICANT_SESSIONS = SessionTable(
    owner=OWNER,
    opened=_opened,
    closed=_closed,
    own_columns=("terms_bind_at",),
    computed="validated_at is not null as validated",
    joins="left join validated_accounts using (account_id)",
)
