"""`impex dead list`, `show`, `replay` and `discard`: the messages that could not be handled.

Shows why and since when. Replaying sends a message to its service again as a first try; a message
that was handled already has no second effect. A message that the owner of its type did not publish
can only be discarded.
"""

import argparse
import sys
from contextlib import suppress
from dataclasses import asdict
from uuid import UUID

from operations import service_registry
from operations.operate import acts
from operations.operate.endpoints import as_operator, resolve_broker
from operations.printing import counted, cut, print_json, print_rows, say
from operations.provision.partners import declared
from shared.errors import ConfigurationError
from shared.messaging.dead_letters import (
    MAX_LISTED,
    DeadLetter,
    LetterContent,
    Selection,
    discard,
    find_letter,
    list_letters,
    name_of,
    redact,
    replay,
    try_replay,
)
from shared.messaging.failures import failure_text
from shared.messaging.letter_groups import LetterGroup, group

#: Places whose letters belong to no service.
SHARED_PLACES = ("unrouted", "discarded")
GONE = "There is no such letter: it was replayed or discarded, or never there."
OUTCOMES = {
    "handled": "It would be handled.",
    "duplicate": "It was handled before: a replay changes nothing.",
    "no_answer": "The service gave no answer: is it running, in this version?",
}


def main_list(options: argparse.Namespace) -> int:
    """List the letters of one service or of all, by fault; exit code 0 whatever their number."""
    url, place = resolve_broker().operator_url, options.place
    names = _hearing(options.service)
    if options.service and place == "unrouted":
        sentence = "means nothing with --in unrouted: no service hears what is there"
        raise ConfigurationError([("SERVICE", sentence)])
    # A service that never ran has no queue of dead letters; for a named one that is an error.
    ignored = () if options.service else (ConfigurationError,)

    async def collect() -> list[DeadLetter]:
        found = []
        for name in ("",) if place in SHARED_PLACES else names:
            with suppress(*ignored):
                found += await list_letters(url, name, place)
        return found

    letters = as_operator(url, collect())
    is_cut = len(letters) >= MAX_LISTED
    if place == "discarded" and options.service:
        letters = [letter for letter in letters if letter.service == options.service]
    if options.json:
        print_json([_document(letter) for letter in letters])
        return 0
    if not letters:
        say("No dead letters." if place == "dead" else "Nothing is there.")
        return 0
    if options.letters:
        _show_letters(letters)
    else:
        _show_groups(group(letters))
    if is_cut:
        say(f"\nOnly the oldest {MAX_LISTED} of each service were read.")
    if place == "dead":
        say("\nTimes are UTC. impex dead show SERVICE --fault FAULT shows one.")
    return 0


def main_show(options: argparse.Namespace) -> int:
    """Show the oldest letter of a selection; exit code 1 where there is none."""
    reason = acts.reason(options.reason) if options.reveal else ""
    _hearing(options.service)
    url, place = resolve_broker().operator_url, options.place
    found = as_operator(url, find_letter(url, options.service, _selection(options), place))
    if found is None:
        say(GONE)
        return 1
    letter, content = found
    fields = redact(content, letter.type)
    if options.reveal:
        acts.record(
            "DeadLetterRevealed",
            account_id=_account_id(content),
            service=letter.service,
            event=letter.type,
            letter=letter.code,
            reason=reason,
            user=acts.who(),
        )
        acts.log_act(
            "dead_letter_revealed",
            "A dead letter was shown with its content.",
            letter=letter.code,
            type=letter.type,
            reason=reason,
        )
        fields = dict(content.data)
    if options.json:
        about = {"account": content.account, "trace": content.trace, "said_at": content.said_at}
        print_json({**_document(letter), **about, "data": fields})
    else:
        _show(letter, content, fields)
    return 0


def main_replay(options: argparse.Namespace) -> int:
    """Send letters again; exit code 1 where none of those that were named was sent."""
    _hearing(options.service)
    url, wanted = resolve_broker().operator_url, _selection(options)
    if getattr(options, "try"):
        return _try(url, options.service, wanted)
    count = as_operator(
        url, replay(url, options.service, wanted, replayed_by=acts.who(), progress=_progress)
    )
    if count:
        acts.log_act(
            "dead_letters_replayed",
            "Dead letters were sent again.",
            to=options.service,
            count=count,
            which=_which(options),
        )
    left = as_operator(url, list_letters(url, options.service))
    forged = [letter for letter in left if not letter.publisher_verified]
    if not count and wanted != Selection() and not any(map(wanted.matches, forged)):
        say(GONE)
        return 1
    say(f"{counted(count, 'message')} sent to {options.service} again.")
    if forged:
        say(f"{len(forged)} not said by the owner of the type: never sent again, only discarded.")
    return 0 if count or wanted == Selection() else 1


def main_discard(options: argparse.Namespace) -> int:
    """Put letters aside; exit code 1 where none was found, or an id names several letters."""
    reason = acts.reason(options.reason)
    _hearing(options.service)
    url, wanted = resolve_broker().operator_url, _selection(options)
    letters = as_operator(url, list_letters(url, options.service))
    mine = [letter for letter in letters if wanted.matches(letter)]
    if not mine:
        say(GONE)
        return 1
    codes = sorted({letter.code for letter in mine})
    if options.id is not None and len(codes) > 1:
        say(f"{len(codes)} letters have this id. Name one by its code: {', '.join(codes)}")
        return 1
    acts.record(
        "DeadLettersDiscarded",
        service=options.service,
        which=_which(options),
        count=len(mine),
        reason=reason,
        user=acts.who(),
    )
    count = as_operator(
        url,
        discard(
            url,
            options.service,
            wanted,
            discarded_by=acts.who(),
            reason=reason,
            progress=_progress,
        ),
    )
    acts.log_act(
        "dead_letters_discarded",
        "Dead letters were discarded.",
        to=options.service,
        count=count,
        which=_which(options),
        reason=reason,
    )
    say(f"{count} discarded; for 30 days `impex dead list --in discarded` shows them.")
    return 0


def _try(url: str, service: str, wanted: Selection) -> int:
    tried = as_operator(url, try_replay(url, service, wanted))
    if tried is None:
        say("There is no such letter that may be sent again.")
        return 1
    if tried.outcome != "failed":
        say(OUTCOMES[tried.outcome])
        return 1 if tried.outcome == "no_answer" else 0
    say(f"It would fail again: {failure_text(tried.error_type, tried.error)}")
    for line in tried.frames.splitlines():
        say(f"    {line}")
    return 1


def _progress(count: int) -> None:
    """On a terminal, how many are done."""
    if sys.stderr.isatty():
        print(f"\r\033[K{count}", end="\r", file=sys.stderr, flush=True)


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(id=options.id, type=options.type, fault=options.fault)


def _which(options: argparse.Namespace) -> str:
    """What the command named, for log and journal."""
    for name in ("id", "type", "fault"):
        if (value := getattr(options, name)) is not None:
            return f"{name} {cut(value, 100)}"
    return "all"


def _hearing(service: str | None) -> list[str]:
    """`service`, or every service and partner that hears events, and so has dead letters."""
    known = [one.name for one in service_registry.services() if one.hears]
    known += [one.name for one in declared() if one.hears]
    if service and service not in known:
        sentence = f"must be one of {', '.join(known)}, not {service}"
        raise ConfigurationError([("SERVICE", sentence)])
    return [service] if service else known


def _document(letter: DeadLetter) -> dict[str, object]:
    return {**asdict(letter), "fault": letter.fault}


def _show_groups(groups: list[LetterGroup]) -> None:
    print_rows(
        ("fault", "service", "count", "first", "last", "sample", "type"),
        [
            (
                one.fault,
                one.service or "-",
                one.count,
                _moment(one.first),
                _moment(one.last),
                one.sample.code,
                _types(one),
            )
            for one in groups
        ],
        fit=True,
        whole=("fault", "sample", "first", "last"),
        below=[_why(one.sample) for one in groups],
    )


def _show_letters(letters: list[DeadLetter]) -> None:
    print_rows(
        ("service", "code", "id", "type", "tries", "age", "error"),
        [
            (
                one.service or "-", one.code, one.id, name_of(one.type), one.attempt, _age(one.age),
                _why(one),
            )
            for one in letters
        ],
        fit=True,
        whole=("code",),
    )  # fmt: skip


def _show(letter: DeadLetter, content: LetterContent, fields: dict[str, object]) -> None:
    rows: list[tuple[str, object]] = [
        ("service", letter.service or "-"),
        ("queue", letter.queue),
        ("fault", letter.fault),
        ("code", letter.code),
        ("id", letter.id),
        ("type", _type(letter, content)),
        ("account", content.account),
        ("trace", content.trace),
        ("said at", content.said_at),
        ("published by", letter.published_by or "not known"),
        ("why", _why(letter)),
        ("place", letter.fingerprint),
        ("tries", letter.attempt),
        ("first failed", _first(letter)),
        ("last failed", letter.failed_at),
        ("replayed", _replays(letter)),
        ("discarded", _discard(letter)),
    ]
    for name, value in rows:
        if value:
            say(f"  {name:<13} {value}")
    for frame in letter.frames:
        say(f"  {'':<13}   {frame}")
    if not content.readable:
        say("  The content cannot be read.")
    for name, value in fields.items():
        say(f"    {cut(name, 60)}: {cut(str(value), 300)}")
    if not letter.publisher_verified:
        say("  The owner of its type did not publish it: it can only be discarded.")


def _type(letter: DeadLetter, content: LetterContent) -> str:
    """Its type, and what it is by its own words, where a publisher wrote two."""
    other = content.type not in ("", letter.type)
    return f"{letter.type}, inside {content.type}" if other else letter.type


def _first(letter: DeadLetter) -> str:
    return f"{letter.first_failed_at} {letter.first_error}".strip()


def _replays(letter: DeadLetter) -> str:
    if not letter.replays:
        return ""
    return (
        f"{counted(letter.replays, 'time')}, last by {letter.replayed_by} at {letter.replayed_at}"
    )


def _discard(letter: DeadLetter) -> str:
    if not letter.discarded_by:
        return ""
    return f"by {letter.discarded_by} at {letter.discarded_at}: {letter.discard_reason}"


def _types(one: LetterGroup) -> str:
    more = len(one.types) - 1
    return f"{name_of(one.types[0])} and {more} more" if more else name_of(one.types[0])


def _why(letter: DeadLetter) -> str:
    return failure_text(letter.error_type, letter.error)


def _moment(text: str) -> str:
    """A time of a header, month to minute."""
    return text[5:16].replace("T", " ") if text else "-"


def _account_id(content: LetterContent) -> str | None:
    try:
        return str(UUID(content.account))
    except ValueError:
        return None


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
