"""The words of a call: the list, the draw, and what a typed word comes to (G-26, OT-15)."""

import random
import re
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from jellyfish import levenshtein_distance, metaphone

from services.support.call_words import (
    CALL_TIME,
    LIST_LENGTH,
    CallWord,
    check_word,
    first_sound,
    fold,
    load_words,
    parse_words,
    within_one_edit,
)

WORDS = load_words().words
STARTED = datetime(2026, 11, 30, 10, 40, tzinfo=UTC)
#: Names of firms and makes, medicines, and what nobody says to a stranger on the telephone.
UNWANTED = """
amazon apple aspirine aspirin boeing bosch canon caramba citroen cocaine codeine coca cretin
danone diesel doliprane dupont facebook ferrari ford google harem heroine heroin honda insuline
insulin jaguar kodak lego lotus mafia mercedes microsoft moderna morphine nestle nike oracle
orange penicilline penicillin pepsi peugeot pfizer polio puma quinine renault rolex samsung
sanofi sony spasfon tabac terreur terror tesla toyota vaccin vaccine viagra victime violence
virus volvo visa cancer tumeur tumor grippe fievre idiot stupide cadavre
"""


def test_ot_15_the_list_has_1024_near_twins() -> None:
    assert len(WORDS) == len(set(WORDS)) == LIST_LENGTH == 1024
    for word in WORDS:
        folded = [fold(form) for form in (word.fr, word.en)]
        for form in folded:
            assert re.fullmatch(r"[a-z]{5,10}", form), word
        assert levenshtein_distance(*folded) <= 3, f"{word} are no twins"
        assert folded[0][0] == folded[1][0], f"{word} begin differently"


def test_ot_15_no_word_is_a_make_a_medicine_or_an_offence() -> None:
    unwanted = frozenset(UNWANTED.split())
    assert not unwanted & {fold(form) for word in WORDS for form in (word.fr, word.en)}


@pytest.mark.parametrize(
    "typed",
    [
        "la girafe",
        "une girafe",
        "The giraffe",
        "girafes",
        "GIRAFE.",
        "« la girafe »",
        "gi\u00adrafe",
    ],
)
def test_ot_15_a_word_is_found_with_its_article(typed: str) -> None:
    found = load_words().find(typed)
    assert found is not None
    assert found.fr == "girafe"


@pytest.mark.parametrize(
    "typed", ["la", "le les", "girafe bateau", "123456", "", "\0", "\u0301" * 99]
)
def test_ot_15_what_is_no_word_of_the_list_is_not_found(typed: str) -> None:
    assert load_words().find(typed) is None


def _shortened(form: str) -> set[str]:
    """A word without up to two of its letters: two words at most two edits apart share one."""
    kept = range(len(form))
    cuts = [(), *combinations(kept, 1), *combinations(kept, 2)]
    return {"".join(form[at] for at in kept if at not in cut) for cut in cuts}


def test_ot_15_any_two_words_are_three_edits_apart_in_both_languages() -> None:
    forms = [(fold(form), word) for word in WORDS for form in {word.fr, word.en}]
    alike: dict[str, set[tuple[str, CallWord]]] = {}
    for form, word in forms:
        for short in _shortened(form):
            alike.setdefault(short, set()).add((form, word))
    for group in alike.values():
        for (one, its), (other, others) in combinations(group, 2):
            assert its is others or levenshtein_distance(one, other) >= 3, (one, other)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_ot_15_any_two_words_sound_different(language: str) -> None:
    keys = [metaphone(fold(word.in_language(language))) for word in WORDS]
    assert len(set(keys)) == len(keys)


def test_ot_15_the_two_words_of_a_call_begin_with_different_sounds() -> None:
    draw = random.Random(7).randrange
    for _ in range(300):
        mine, theirs = load_words().draw(draw)
        assert first_sound(mine.fr) != first_sound(theirs.fr)
        assert first_sound(mine.en) != first_sound(theirs.en)


def test_ot_15_every_word_can_be_drawn_for_the_person() -> None:
    words = parse_words("girafe giraffe\ntulipe tulip\nbanane banana")
    drawn = {words.draw(random.Random(seed).randrange)[1] for seed in range(100)}
    assert drawn == set(words.words)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("girafe", "girafe"),
        ("GIRAFFE", "girafe"),
        ("  Gi rafe ", "girafe"),
        ("giraf", "girafe"),
        ("giraphe", None),
        ("éléphant", "éléphant"),
        ("elephant", "éléphant"),
        ("elefant", None),
        ("elehant", "éléphant"),
        ("", None),
        ("xyz", None),
        ("girafe" * 1000, None),
    ],
)
def test_ot_15_one_slip_is_forgiven_in_either_language(typed: str, found: str | None) -> None:
    word = load_words().find(typed)
    assert (word.fr if word else None) == found


def test_ot_15_a_slip_never_leads_to_another_word() -> None:
    words = load_words()
    rng = random.Random(11)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for word in rng.sample(words.words, 60):
        form = fold(rng.choice((word.fr, word.en)))
        at, letter = rng.randrange(len(form)), rng.choice(letters)
        for typed in (
            form[:at] + form[at + 1 :],
            form[:at] + letter + form[at:],
            form[:at] + letter + form[at + 1 :],
        ):
            assert words.find(typed) is word


@pytest.mark.parametrize("other", ["girafe", "girafes", "giraf", "girage", "irafe", "agirafe"])
def test_within_one_edit_agrees_with_the_library(other: str) -> None:
    assert within_one_edit("girafe", other) == (levenshtein_distance("girafe", other) <= 1)


@pytest.mark.parametrize(
    ("right", "wrong_tries", "minutes", "expected"),
    [
        (True, 0, 1, (True, 3, False)),
        (True, 2, 29, (True, 1, False)),
        (False, 0, 1, (False, 2, False)),
        (False, 1, 1, (False, 1, False)),
        (False, 2, 1, (False, 0, True)),
        (True, 3, 1, (False, 0, True)),
        (True, 0, 30, (False, 0, True)),
    ],
)
def test_ot_15_three_wrong_words_or_thirty_minutes_end_a_call(
    right: bool, wrong_tries: int, minutes: int, expected: tuple[bool, int, bool]
) -> None:
    now = STARTED + timedelta(minutes=minutes)
    check = check_word(right=right, wrong_tries=wrong_tries, started_at=STARTED, now=now)
    assert (check.right, check.tries_left, check.over) == expected
    assert timedelta(minutes=30) == CALL_TIME
