"""The pages of operators in their states."""

from datetime import timedelta
from typing import Any

import msgspec

from services.gateway.desk.features.operations.letter_words import (
    EMPTY,
    OUTCOMES,
    PLACES,
    value_text,
)
from services.gateway.desk.features.operations.letters_page import ACTS as LETTER_ACTS
from services.gateway.desk.features.operations.mail_words import PERIODS, STATES, UNSENDABLE
from services.gateway.desk.features.operations.queue_lines import COLUMNS, UNFOLDED, queue_lines
from shared.contracts.operations import LetterField, LetterView, QueueRow
from shared.messaging.failures import failure_text
from tests.support.pages.page_basis import NOW, State, form


def _row(queue: str, **values: Any) -> QueueRow:
    quiet: dict[str, Any] = {
        "ready": 0, "in_work": 0, "waiting": 0, "next_at": None, "dead": 0, "oldest_at": None,
        "in_rate": 0.0, "out_rate": 0.0, "consumers": 1, "full": None, "stopped": False,
        "kept": False, "at_rest": False,
    }  # fmt: skip
    return QueueRow(queue=queue, **{**quiet, **values})


ROWS = (
    _row("registration", ready=3, in_work=2, in_rate=12.4, out_rate=11.9, consumers=2),
    _row(
        "mailer",
        waiting=1_204,
        next_at=NOW + timedelta(minutes=2),
        dead=18,
        oldest_at=NOW - timedelta(days=3),
    ),
    _row("profile", consumers=0, stopped=True, ready=40),
    _row("impex.unrouted.events", ready=2_500_000, consumers=0, kept=True, full=0.93),
)


def _queues(*rows: QueueRow, read: bool = True, with_all: bool = False) -> dict[str, Any]:
    lines = queue_lines(rows, NOW, "fr")
    return {
        "columns": [(name, name not in UNFOLDED) for name in COLUMNS],
        "lines": lines,
        "with_all": with_all,
        "dead": sum(one.dead for one in lines),
        "read_at": NOW if read else None,
    }


HOSTILE = "<script>alert(1)</script> a very long reason without any blank: " + "x" * 120


def _group(**values: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "fault": "0a1b2c3d",
        "service": "mailer",
        "service_part": "mailer",
        "why": "ValueError: ValueError at services/mailer/handlers/enqueue.py:enqueue",
        "type": "AccountDeactivated",
        "more": 0,
        "count": 1_204,
        "first": "20/11/2026 10:42",
        "last": "10:41",
        "published_by": "registration",
        "verified": True,
    }
    return {**known, **values}


def _act(**values: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "what": "Rejouer toutes ces lettres",
        "service": "mailer",
        "which": "0a1b2c3d",
        "who": "Zoé Martin",
        "at": NOW,
        "done": 500,
        "ended": False,
        "failure": "",
        "reason": "",
    }
    return {**known, **values}


GROUPS = [
    _group(),
    _group(fault="11111111", why=HOSTILE, verified=False, published_by="mfa", more=3, count=1),
]
ACTS = [
    _act(),
    _act(what="Écarter cette lettre", which="0badcafe0badcafe", done=1, ended=True, reason=HOSTILE),
    _act(done=0, ended=True),
    _act(done=0, ended=True, failure=f"DependencyDown: broker: {HOSTILE}"),
]


def _letters(place: str = "mortes", **values: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "away": False,
        "groups": [],
        "total": 0,
        "read_at": NOW,
        "cut": False,
        "acts": [],
        "place": PLACES[place][0],
        "word": place,
        "places": [(key, label) for key, (_, label) in PLACES.items()],
        "empty": EMPTY[PLACES[place][0]],
    }
    return {**known, **values}


DEAD_LETTER = LetterView(
    service="mailer",
    fault="0a1b2c3d",
    code="0badcafe0badcafe",
    id="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
    type="registration.AccountDeactivated.v1",
    inner_type="",
    account="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d12",
    trace="4bf92f3577b34da6a3ce929d0e0e4736",
    said_at="2026-11-20T09:42:00+00:00",
    published_by="registration",
    verified=True,
    error_type="ValueError",
    error="ValueError at services/mailer/handlers/enqueue.py:enqueue",
    place="ValueError in services/mailer/handlers/enqueue.py:enqueue",
    frames=("services/mailer/handlers/changes.py:account_created:41", "services/mailer/x.py:f:7"),
    attempt=6,
    first_failed_at="2026-11-20T09:42:00+00:00",
    first_error="ValueError: first",
    failed_at="2026-11-23T09:42:00+00:00",
    replays=2,
    replayed_by="zoe",
    replayed_at="2026-11-23T09:30:00+00:00",
    discarded_by="",
    discarded_at="",
    discard_reason="",
    readable=True,
    fields=(
        LetterField(name="deactivated_at", value="2026-11-20T09:42:00+00:00"),
        LetterField(name="by", value="‹28 characters›"),
        LetterField(name="x" * 90, value=HOSTILE),
    ),
    count=1_204,
)


def _letter(letter: LetterView = DEAD_LETTER, *acts: str) -> dict[str, Any]:
    return {
        "letter": letter,
        "why": failure_text(letter.error_type, letter.error),
        "fields": [(one.name, value_text(one.value, "fr")) for one in letter.fields],
        "said_at": "20/11/2026 10:42",
        "first_failed_at": "20/11/2026 10:42",
        "failed_at": "10:42",
        "replayed_at": "10:30",
        "replayed_by": "Zoé Martin",
        "discarded_at": "-",
        "discarded_by": letter.discarded_by,
        "service_part": letter.service,
        "word": "mortes",
        "acts_offered": [("#", text) for text in acts],
    }


FORGED = msgspec.structs.replace(
    DEAD_LETTER, verified=False, error_type="", error=HOSTILE, readable=False, fields=(), count=1
)


def _letter_act(word: str, page_form: Any, **values: Any) -> dict[str, Any]:
    chosen = LETTER_ACTS[word]
    known: dict[str, Any] = {
        "letter": DEAD_LETTER,
        "code": "",
        "label": chosen.all,
        "effect": chosen.effect_of_all or chosen.effect,
        "gone": False,
        "why": failure_text(DEAD_LETTER.error_type, DEAD_LETTER.error),
        "word": word,
        "discards": chosen.act == "discard",
        "needs_code": True,
        "trial": None,
        "owner": "mailer",
        "fault": "0a1b2c3d",
        "form": page_form,
    }
    return {**known, **values}


def _mail(**values: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
        "state": "refusé",
        "template": "confirmation de création du compte",
        "address": "p***@pharmacie-des-trois-fontaines.example",
        "account": "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d12",
        "written": "20/11/2026 10:42",
        "next": "",
        "ended": "20/11/2026 10:43",
        "answer": f"550 5.1.1 {HOSTILE}",
        "attempts": 2,
        "sendable": True,
        "unsendable": UNSENDABLE["refused"],
        "droppable": False,
    }
    return {**known, **values}


HELD = {"state": "retenu : peut-être arrivé", "ended": "", "answer": "", "droppable": True}
DROP = "operations_mail_drop.html"


def _drop(mail: dict[str, Any] | None, page_form: Any) -> dict[str, Any]:
    return {"form": page_form, "mail": mail, "mail_id": _mail()["id"]}


def _mails(*mails: dict[str, Any], away: bool = False) -> dict[str, Any]:
    return {
        "away": away,
        "mails": mails,
        "cut": bool(mails),
        "shown": "refused" if mails else "",
        "period": "24h" if mails else "",
        "states": [(key, label, len(mails)) for key, label in STATES.items()],
        "periods": [(key, label) for key, (_, label) in PERIODS.items()],
        "by_address": False,
        "read_at": NOW,
        "sendable": len(mails) // 2,
        "unsendable": len(mails) // 2,
    }


ATTEMPTS = [
    (1, "20/11/2026 10:42", "différé", 451, "4.7.1 try again"),
    (2, "20/11/2026 10:43", "refusé", 550, f"5.1.1 {HOSTILE}"),
]


def operations_states(operator: Any) -> tuple[State, ...]:
    """Queues that need somebody, none, and without an answer."""
    queues = "operations_queues.html"
    return (
        State("desk-queues", queues, _queues(*ROWS), me=operator),
        State("desk-queues-all", queues, _queues(*ROWS, with_all=True), me=operator),
        State("desk-queues-quiet", queues, _queues(), me=operator),
        State("desk-queues-away", queues, _queues(read=False), me=operator),
        State(
            "desk-letters",
            "operations_letters.html",
            _letters(groups=GROUPS, total=1_205, acts=ACTS, cut=True),
            me=operator,
        ),
        State(
            "desk-letters-discarded",
            "operations_letters.html",
            _letters("ecartees", groups=GROUPS[:1]),
            me=operator,
        ),
        State("desk-letters-none", "operations_letters.html", _letters(), me=operator),
        State(
            "desk-letters-reading", "operations_letters.html", _letters(read_at=None), me=operator
        ),
        State(
            "desk-letters-away",
            "operations_letters.html",
            _letters(read_at=None, away=True),
            me=operator,
        ),
        State(
            "desk-letter",
            "operations_letter.html",
            _letter(
                DEAD_LETTER,
                *(label for one in LETTER_ACTS.values() for label in (one.one, one.all)),
            ),
            me=operator,
        ),
        State(
            "desk-operator-mails",
            "operations_mails.html",
            _mails(_mail(), _mail(state="en attente", next="10:50", ended="", answer="")),
            me=operator,
        ),
        State("desk-operator-mails-none", "operations_mails.html", _mails(), me=operator),
        State("desk-operator-mails-away", "operations_mails.html", _mails(away=True), me=operator),
        State(
            "desk-operator-mail",
            "operations_mail.html",
            {"form": form(), "mail": _mail(), "attempts": ATTEMPTS},
            me=operator,
        ),
        State(
            "desk-operator-mail-done",
            "operations_mail.html",
            {
                "form": form(alert="Acte refusé : ce message n'est plus là."),
                "mail": _mail(sendable=False, address=""),
                "attempts": [],
            },
            me=operator,
        ),
        State(
            "desk-operator-mail-held",
            "operations_mail.html",
            {"form": form(), "mail": _mail(**HELD), "attempts": ATTEMPTS},
            me=operator,
        ),
        State("desk-operator-mail-drop", DROP, _drop(_mail(**HELD), form()), me=operator),
        State(
            "desk-operator-mail-drop-unsaid",
            DROP,
            _drop(_mail(**HELD), form(errors={"note": ["Écrivez pourquoi."]})),
            me=operator,
        ),
        State(
            "desk-operator-mail-drop-gone",
            DROP,
            _drop(None, form(alert="Acte refusé : ce message n'est plus là.")),
            me=operator,
        ),
        State("desk-operator-mail-drop-late", DROP, _drop(_mail(), form()), me=operator),
        State(
            "desk-operator-mails-send",
            "operations_mails_send.html",
            {"form": form(), "periods": [(key, label) for key, (_, label) in PERIODS.items()]},
            me=operator,
        ),
        State("desk-letter-forged", "operations_letter.html", _letter(FORGED), me=operator),
        State(
            "desk-letter-replay",
            "operations_letter_act.html",
            _letter_act("rejouer", form()),
            me=operator,
        ),
        State(
            "desk-letter-tried",
            "operations_letter_act.html",
            _letter_act(
                "essayer",
                form(),
                needs_code=False,
                code="0badcafe0badcafe",
                trial=("error", OUTCOMES["failed"][1], ("ValueError: x", "services/x.py:f:1")),
            ),
            me=operator,
        ),
        State(
            "desk-letter-discard-errors",
            "operations_letter_act.html",
            _letter_act(
                "ecarter",
                form(
                    errors={
                        "note": ["Écrivez pourquoi."],
                        "code": ["Saisissez les 6 chiffres du code."],
                    }
                ),
            ),
            me=operator,
        ),
        State(
            "desk-letter-gone",
            "operations_letter_act.html",
            _letter_act(
                "rejouer",
                form(alert="Acte refusé : plus aucune lettre n'est là."),
                letter=None,
                gone=True,
            ),
            me=operator,
        ),
    )
