"""The word lists: matches, speed, and a hash that detects changes."""

import hashlib
import random
import string
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.registration.common_words import WordList, common_passwords, read_list
from services.registration.data_files import BUNDLED_LISTS, load_common_words, load_rules
from shared.errors import ConfigurationError

RULES = load_rules()
COMMON_WORDS = load_common_words(RULES)


@pytest.mark.parametrize(
    ("password", "word", "source"),
    [
        ("Soleil2024", "soleil", "french"),
        ("S0L3il2024", "soleil", "french"),
        ("KvSolëil9z", "soleil", "french"),
        ("Azerty123", "azerty", "context"),
        ("ImpexWeb26", "impexweb", "context"),
        ("Pharmacien9", "pharmaciens", "context"),
        ("MarseiLLe7", "marseille", "towns"),
        ("xFrançoise9", "françoise", "first_names"),
        ("Kv9Thousand", "thousand", "english"),
        ("Xx9Jennifer", "jennifer", "names"),
        ("SaintEtienne9", "saint-étienne", "towns"),
        ("Kv9Tuile7", "tuile", "towns"),
        ("Kv9Tulle7", "tulle", "towns"),
        ("Kv9Tu1le7", "tulle", "towns"),
        ("B0u73i11e9", "bouteille", "french"),
        ("xM4rse!lle", "marseille", "towns"),
        ("ph4rm4c|en9", "pharmacien", "context"),
        ("Kv57473xQ", None, None),
        ("Kv9zLuneQwm", None, None),
        ("Kvfz9rLq", None, None),
        ("Ng9kLiXw", None, None),
    ],
)
def test_g_08_a_listed_word_is_found_and_named(
    password: str, word: str | None, source: str | None
) -> None:
    found = COMMON_WORDS.find(password)
    if word is None:
        assert found is None
    else:
        assert found is not None
        assert (found.word.lower().rstrip("s"), found.source) == (word.rstrip("s"), source)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Brussels2026", "brussels"),
        ("Bru$$els2026", "brussels"),
        ("xRussel9zQ", "russel"),
        ("xRussell9zQ", "russell"),
        ("Hunter5zQwk", "hunter"),
        ("9Christmastree", "christmas"),
    ],
)
def test_t_11_a_listed_word_is_explained_by_the_longest_word(password: str, word: str) -> None:
    found = COMMON_WORDS.find(password)
    assert found is not None
    assert found.word == word


def test_pw_04_each_context_word_is_refused_with_its_reason() -> None:
    lists = Path(__file__).parents[3] / "services/registration/data/words"
    words = list(read_list((lists / "context.txt").read_text("utf-8")))
    assert {"impex", "impexweb", "ansm", "pharmacien"} <= set(words)
    for word in words:
        if sum(char.isalpha() for char in word) >= 5:
            found = COMMON_WORDS.find(f"9{word}9")
            assert found is not None, word
            # A longer word that contains it may be reported instead.
            assert len(RULES.fold(found.word)) >= len(RULES.fold(word)), word


def test_pw_03_the_common_passwords_that_fit_the_policy_are_all_refused() -> None:
    document = RULES.document
    fitting = [
        p for p in common_passwords() if document.min_length <= len(p) <= document.max_length
    ]
    assert len(fitting) >= 3000
    assert all(COMMON_WORDS.find(each) is not None for each in fitting)


def test_g_08_words_of_four_letters_are_left_alone() -> None:
    assert COMMON_WORDS.find("xkRosezqw") is None
    assert all(sum(c.isalpha() for c in entry.word) >= 5 for _, entry in COMMON_WORDS.entries())


def test_the_french_lists_are_bundled_and_long() -> None:
    by_source = Counter(entry.source for _, entry in COMMON_WORDS.entries())
    assert sum(by_source[name] for name in BUNDLED_LISTS) >= 2000


def test_the_lists_change_only_on_purpose() -> None:
    digest = hashlib.sha256()
    for folded, entry in COMMON_WORDS.entries():
        digest.update(f"{folded} {entry.word} {entry.source}\n".encode())
    for folded in COMMON_WORDS.passwords:
        digest.update(f"{folded}\n".encode())
    assert digest.hexdigest() == PINNED


def test_a_random_password_is_hardly_ever_refused() -> None:
    chance = random.Random(7)
    signs = string.ascii_letters + string.digits
    drawn = ["".join(chance.choices(signs, k=16)) for _ in range(5000)]
    assert sum(COMMON_WORDS.find(each) is not None for each in drawn) < 25


def test_a_search_takes_less_than_a_millisecond(benchmark_seconds: Any) -> None:
    assert (
        benchmark_seconds(lambda: [COMMON_WORDS.find("Kvfz9rLqWx7zGh2mNbTc") for _ in range(100)])
        < 0.1
    )
    assert benchmark_seconds(lambda: [COMMON_WORDS.find("Kvfz9rLq" * 16) for _ in range(100)]) < 0.2


def test_b_12_the_operators_lists_come_first(tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("# our town\nTrifouillis soleil\n", "utf-8")
    common_words = load_common_words(RULES, tmp_path)
    found = common_words.find("Kvtrifouillis9")
    assert found is not None
    assert found.source == "operator"
    assert common_words.find("xSoleil9") == ("soleil", "operator")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_b_12_an_unusable_folder_of_lists_is_reported(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "bad.txt").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_common_words(RULES, tmp_path)
    assert caught.value.problems[0][0] == "IMPEX_PASSWORD_LISTS_DIR"


def test_the_longest_word_is_named() -> None:
    common_words = WordList(RULES, [("a", ["soleil"]), ("b", ["soleilcouchant"])])
    assert common_words.find("xSoleilCouchant") == ("soleilcouchant", "b")


PINNED = "9feb832e43e68bfd48b73f8fabcbfcc91d6ec630864c854f6fde3d56a96a1c7c"
