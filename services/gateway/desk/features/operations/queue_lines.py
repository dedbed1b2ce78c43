"""The queues in words: a line for each, as the page and its live copy show it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.operations import QueueRow
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import PARIS, format_clock, format_number, format_short

#: The columns after the queue's name, in their order.
COLUMNS: tuple[str, ...] = (
    N_("Prêtes"),
    N_("En travail"),
    N_("En attente (prochaine)"),
    N_("Mortes"),
    N_("Plus ancienne"),
    N_("Entrées/s"),
    N_("Sorties/s"),
    N_("Consommateurs"),
)
#: Those that a narrow page shows unfolded: why a queue is listed, and for how long.
UNFOLDED = (N_("Prêtes"), N_("En attente (prochaine)"), N_("Mortes"), N_("Plus ancienne"))
#: The share of its limit from which a queue is warned about.
WARN_AT = 0.5
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """One queue: the texts of its columns, and what is wrong with it, in words."""

    queue: str
    cells: tuple[str, ...]
    dead: int
    at_rest: bool
    problem: str


def queue_lines(rows: Iterable[QueueRow], now: datetime, lang: str) -> list[QueueLine]:
    """A line for each row: those with dead letters first, then the oldest, then by name."""
    ordered = sorted(rows, key=lambda one: (-one.dead, one.oldest_at or now, one.queue))
    return [_line(one, now, lang) for one in ordered]


def _line(row: QueueRow, now: datetime, lang: str) -> QueueLine:
    def number(value: int) -> str:
        return format_number(value, lang)

    waiting = number(row.waiting)
    if row.waiting and row.next_at:
        waiting = f"{waiting} ({moment_text(row.next_at, now, lang)})"
    return QueueLine(
        queue=row.queue,
        cells=(
            number(row.ready),
            number(row.in_work),
            waiting,
            number(row.dead),
            moment_text(row.oldest_at, now, lang) if row.oldest_at else "-",
            _rate(row.in_rate, lang),
            _rate(row.out_rate, lang),
            number(row.consumers),
        ),
        dead=row.dead,
        at_rest=row.at_rest,
        problem=_remark(row, lang),
    )


def _remark(row: QueueRow, lang: str) -> str:
    """What a number alone does not say."""
    if row.stopped:
        return translate(N_("Personne ne la lit : service arrêté ou en démarrage."), lang)
    if row.full is not None and row.full >= WARN_AT:
        text = translate(
            N_("Pleine à {percent} % : ses plus anciens messages seront perdus."), lang
        )
        return text.replace("{percent}", str(round(row.full * 100)))
    return ""


def moment_text(at: datetime, now: datetime, lang: str) -> str:
    """The hour, with the day where it is a day away or more."""
    clock = format_clock(at, lang)
    return (
        clock
        if abs(now - at) < DAY
        else f"{format_short(at.astimezone(PARIS).date(), lang)} {clock}"
    )


def _rate(value: float, lang: str) -> str:
    text = f"{value:.1f}"
    return text.replace(".", ",") if lang == "fr" else text
