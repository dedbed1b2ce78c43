"""Letters as the page may know them: nothing of their content but what is redacted."""

from collections.abc import Sequence

from shared.contracts.operations import LetterField, LetterGroupRow, LetterView
from shared.messaging.dead_letters import DeadLetter, LetterContent, redact
from shared.messaging.letter_groups import LetterGroup

#: Faults, types of one, and characters of a text that are shown.
MAX_GROUPS, MAX_TYPES, MAX_TEXT = 100, 10, 300
#: Fields of a letter that are shown.
MAX_FIELDS = 60


def group_rows(groups: Sequence[LetterGroup]) -> tuple[LetterGroupRow, ...]:
    """One row for each fault, the most first."""
    return tuple(_group_row(one) for one in groups[:MAX_GROUPS])


def _group_row(one: LetterGroup) -> LetterGroupRow:
    sample = one.sample
    return LetterGroupRow(
        fault=one.fault,
        service=one.service,
        count=one.count,
        types=tuple(_cut(name) for name in one.types[:MAX_TYPES]),
        first=one.first,
        last=one.last,
        error_type=sample.error_type,
        error=sample.error,
        published_by=sample.published_by,
        verified=sample.publisher_verified,
    )


def letter_view(letter: DeadLetter, content: LetterContent, count: int) -> LetterView:
    """One letter with its fields redacted."""
    fields: Sequence[tuple[str, object]] = list(redact(content, letter.type).items())
    return LetterView(
        service=letter.service,
        fault=letter.fault,
        code=letter.code,
        id=_cut(letter.id),
        type=_cut(letter.type),
        inner_type="" if content.type == letter.type else _cut(content.type),
        account=_cut(content.account),
        trace=content.trace,
        said_at=content.said_at,
        published_by=letter.published_by,
        verified=letter.publisher_verified,
        error_type=letter.error_type,
        error=letter.error,
        place=letter.fingerprint,
        frames=letter.frames,
        attempt=letter.attempt,
        first_failed_at=letter.first_failed_at,
        first_error=letter.first_error,
        failed_at=letter.failed_at,
        replays=letter.replays,
        replayed_by=letter.replayed_by,
        replayed_at=letter.replayed_at,
        discarded_by=letter.discarded_by,
        discarded_at=letter.discarded_at,
        discard_reason=letter.discard_reason,
        readable=content.readable,
        fields=tuple(
            LetterField(name=_cut(name), value=_cut(str(value)))
            for name, value in fields[:MAX_FIELDS]
        ),
        count=count,
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
