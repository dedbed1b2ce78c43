"""The page of dormant accounts in its states."""

from datetime import timedelta
from typing import Any

from services.gateway.desk.features.dormant.dormant_page import EMPTY, LABELS
from shared.contracts.base import Sealed
from shared.contracts.support.dormant import OUTCOMES, DormantRow, DormantView
from tests.support.pages.page_basis import NOW, State

ROW = DormantRow(
    account_id="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
    person="M… DURAND",
    address="m…@pharmacie-des-trois-fontaines.example",
    last_used_at=NOW - timedelta(days=760),
    warned_at=NOW - timedelta(days=24),
    warned_again_at=NOW - timedelta(days=1),
    deactivation_at=NOW + timedelta(days=6),
)
ANONYMOUS = DormantRow(
    account_id="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d12",
    person="",
    address="",
    last_used_at=NOW - timedelta(days=760),
    warned_at=NOW - timedelta(days=24),
    deactivation_at=NOW,
    ended_at=NOW,
)


def _page(*rows: DormantRow, shown: str = "warned", **values: Any) -> dict[str, Any]:
    counts = {"warned": 1_204, "spared": 3, "deactivated": 12, "months": 24, **values}
    sealed = Sealed(recipient="desk", key_id="k", box="")
    view = DormantView(rows=sealed, page=1, pages=2 if rows else 1, **counts)
    return {
        "view": view,
        "rows": list(rows),
        "shown": shown,
        "lists": [(one, LABELS[one], getattr(view, one)) for one in OUTCOMES],
        "empty": EMPTY[shown],
    }


def dormant_states(supervisor: Any) -> tuple[State, ...]:
    """Lists, empty, switched off, without registration."""
    return (
        State("desk-dormant", "dormant.html", _page(ROW, ROW), me=supervisor),
        State(
            "desk-dormant-ended",
            "dormant.html",
            _page(ANONYMOUS, shown="withdrawn", withdrawn=1),
            me=supervisor,
        ),
        State("desk-dormant-empty", "dormant.html", _page(warned=0), me=supervisor),
        State("desk-dormant-off", "dormant.html", _page(months=0, warned=0), me=supervisor),
        State("desk-dormant-away", "dormant.html", _page(away=True), me=supervisor),
    )
