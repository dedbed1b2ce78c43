"""The open sessions of an account as the desk gets them."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from services.gateway.account_sessions import find_sessions
from shared.contracts.gateway_desk import ListAccountSessions, SessionRecord

ACCOUNT = str(uuid4())
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
SHOWN: dict[str, Any] = {
    "device": "Firefox, Windows",
    "network": "192.0.2.0/24",
    "opened_at": AT,
    "seen_at": AT,
}


class FakeSessions:
    """One session of one account, with more than the desk needs."""

    async def of_account(self, account_id: str) -> list[Any]:
        own = SimpleNamespace(id="s1", address="marie@labo.fr", **SHOWN)
        return [own] if account_id == ACCOUNT else []


async def test_the_desk_gets_sessions_without_whose_they_are() -> None:
    request = ListAccountSessions(account_id=ACCOUNT.upper())
    view = await find_sessions(request, FakeSessions(), None)  # type: ignore[arg-type]
    assert view.sessions == (SessionRecord(session_id="s1", **SHOWN),)
    assert "marie" not in repr(view)


async def test_an_id_that_is_no_accounts_has_no_sessions() -> None:
    for account_id in ("", "no id", str(uuid4())):
        request = ListAccountSessions(account_id=account_id)
        view = await find_sessions(request, FakeSessions(), None)  # type: ignore[arg-type]
        assert view.sessions == ()
