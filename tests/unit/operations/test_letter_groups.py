"""Letters by their fault: a flood is counted, not kept."""

from dataclasses import replace

from shared.messaging.dead_letters import DeadLetter
from shared.messaging.letter_groups import MAX_TYPES, LetterTally

KNOWN = DeadLetter(
    service="mailer",
    queue="mailer.dead",
    code="0badcafe0badcafe",
    id="m",
    type="a.B.v1",
    attempt=1,
    error_type="ValueError",
    error="",
    failed_by="mailer",
    failed_at="2026-01-15T12:00:00",
    fingerprint="f",
    frames=(),
    first_failed_at="2026-01-15T12:00:00",
    first_error="",
    age=None,
    published_by="registration",
    publisher_verified=True,
    replays=0,
    replayed_by="",
    replayed_at="",
    discarded_by="",
    discarded_at="",
    discard_reason="",
)


def test_o_05_of_each_fault_the_latest_letter_and_the_number_are_kept() -> None:
    tally = LetterTally()
    for hour, fault in ((12, "f"), (14, "f"), (13, "f"), (15, "g")):
        at = f"2026-01-15T{hour}:00:00"
        tally.add(replace(KNOWN, fingerprint=fault, failed_at=at, first_failed_at=at))
    one, other = tally.groups()
    assert (one.count, other.count, tally.cut) == (3, 1, False)
    assert (one.first[11:13], one.last[11:13], one.sample.failed_at) == ("12", "14", one.last)


def test_forged_letters_of_two_publishers_are_two_faults() -> None:
    """O-05: what one partner did by mistake is not discarded together with a forgery."""
    forged = replace(KNOWN, publisher_verified=False, published_by="labo", error="not said by a")
    others = (
        replace(forged, published_by="mfa"),
        replace(forged, error="not said by b"),
        replace(forged, publisher_verified=True),
    )
    assert len({forged.fault, *(one.fault for one in others)}) == 4
    assert replace(forged, type="a.C.v1").fault == forged.fault


def test_a_flood_of_faults_and_types_is_cut_and_those_known_are_counted() -> None:
    tally = LetterTally(2)
    for number in range(100):
        tally.add(replace(KNOWN, fingerprint=str(number % 4), type=f"a.B{number}.v1"))
    assert [one.count for one in tally.groups()] == [25, 25]
    assert tally.cut
    many = LetterTally()
    for number in range(100):
        many.add(replace(KNOWN, type=f"a.B{number}.v1"))
    assert [len(one.types) for one in many.groups()] == [MAX_TYPES]
