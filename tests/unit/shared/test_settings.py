"""Settings: every error gives a line that names the setting, and a secret is never shown."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.security.sealing import KeyRing, new_key
from shared.settings import (
    CommonSettings,
    Problem,
    load,
    setting,
    unknown_names,
)

RING = new_key("k1")


@dataclass(frozen=True, kw_only=True)
class Example(CommonSettings):
    """A service's settings with one field of each kind."""

    database_url: str = setting("IMPEX_EXAMPLE_DATABASE_URL", secret=True, doc="The database.")
    amqp_url: str = setting("IMPEX_EXAMPLE_AMQP_URL", secret=True, doc="The broker.")
    keys: KeyRing = setting("IMPEX_EXAMPLE_KEYS", secret=True, doc="Keys.")
    tries: int = setting("IMPEX_TRIES", default=5, doc="Tries.", between=(1, 10), unit="tries")
    lists: bool = setting("IMPEX_LISTS", default=True, doc="Whether lists are used.")
    folder: Path | None = setting("IMPEX_FOLDER", default=None, doc="A folder.")
    networks: tuple[str, ...] = setting("IMPEX_NETWORKS", default=(), doc="Networks.")
    theme: str = setting("IMPEX_THEME", default="neutral", choices=("neutral", "dsfr"))
    low: int = setting("IMPEX_LOW", default=8, doc="Lower bound.")
    high: int = setting("IMPEX_HIGH", default=20, doc="Upper bound.")

    def check(self) -> list[Problem]:
        if self.low > self.high:
            return [("IMPEX_LOW", "must not be above IMPEX_HIGH")]
        return []


GOOD = {
    "IMPEX_EXAMPLE_DATABASE_URL": "postgresql://u:very-secret@127.0.0.1/impex",
    "IMPEX_EXAMPLE_AMQP_URL": "amqp://u:very-secret@127.0.0.1/",
    "IMPEX_EXAMPLE_KEYS": RING,
}
FAR = {
    "IMPEX_BASE_URL": "https://portal.example",
    "IMPEX_EXAMPLE_DATABASE_URL": "postgresql://u:p@db.example/impex?sslmode=verify-full",
    "IMPEX_EXAMPLE_AMQP_URL": "amqps://u:p@mq.example/",
    "IMPEX_EXAMPLE_KEYS": RING,
}


def problems(environ: dict[str, str]) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        load(Example, environ)
    return caught.value.problems


def test_values_are_typed_and_an_empty_variable_counts_as_absent() -> None:
    example = load(
        Example,
        {
            **GOOD,
            "IMPEX_TRIES": "7",
            "IMPEX_LOW": "",
            "IMPEX_LISTS": "No",
            "IMPEX_FOLDER": "/srv/x",
            "IMPEX_NETWORKS": "10.0.0.0/8, ,192.168.0.0/16",
        },
    )
    assert (example.tries, example.low, example.lists) == (7, 8, False)
    assert example.folder == Path("/srv/x")
    assert example.networks == ("10.0.0.0/8", "192.168.0.0/16")
    assert example.keys.current[0] == "k1"
    assert example.try_out


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("IMPEX_TRIES", "seven", "whole number"),
        ("IMPEX_TRIES", "0", "at least 1 tries"),
        ("IMPEX_TRIES", "11", "at most 10 tries"),
        ("IMPEX_LISTS", "maybe", "true or false"),
        ("IMPEX_THEME", "blue", "neutral, dsfr"),
        ("IMPEX_LOG_LEVEL", "loud", "debug, info"),
        ("IMPEX_DATABASE_POOL", "1", "at least 2"),
        ("IMPEX_DRAIN_SECONDS", "121", "at most 120"),
        ("IMPEX_BASE_URL", "portal.example", "scheme, host and port"),
        ("IMPEX_BASE_URL", "ftp://portal.example", "scheme, host and port"),
        ("IMPEX_BASE_URL", "https://portal.example/sub", "scheme, host and port"),
        ("IMPEX_BASE_URL", "https://u:p@portal.example", "scheme, host and port"),
        ("IMPEX_BASE_URL", "https://portal.example:99999", "such as https"),
        ("IMPEX_BASE_URL", "https://", "scheme, host and port"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "mysql://h/x", "postgresql://"),
        ("IMPEX_EXAMPLE_AMQP_URL", "http://h/x", "amqp:// or amqps://"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "", "is required"),
        ("IMPEX_EXAMPLE_KEYS", "", "is required"),
        ("IMPEX_EXAMPLE_KEYS", "k1", "id:base64"),
        ("IMPEX_EXAMPLE_KEYS", "k1:!!!", "not base64"),
        ("IMPEX_EXAMPLE_KEYS", "k1:" + "A" * 43 + "=", "not random"),
        ("IMPEX_EXAMPLE_KEYS", "k1:c2hvcnQ=", "5 bytes, 32 are needed"),
        ("IMPEX_EXAMPLE_KEYS", f"{RING},{new_key('k1')}", "used twice"),
        ("IMPEX_EXAMPLE_KEYS", f"{RING},k2{RING[2:]}", "repeats another key"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "db.example:5432/impex", "must be an address starting with"),
        (
            "IMPEX_EXAMPLE_DATABASE_URL",
            "postgresql://u:p@127.0.0.1:99999/i",
            "must have a port",
        ),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql://u:12/3@127.0.0.1/i", "written with %"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql://u:12?3@127.0.0.1/i", "written with %"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql://127.0.0.1/i?sslmode=bogus", "its sslmode"),
        ("IMPEX_EXAMPLE_AMQP_URL", "amqp://u:1#2@127.0.0.1/i", "written with %"),
        ("IMPEX_LOW", "30", "not be above IMPEX_HIGH"),
    ],
    ids=lambda value: "keys" if "k1:" in value else value[:40],
)
def test_each_mistake_gives_one_line_naming_the_setting(name: str, value: str, words: str) -> None:
    found = problems({**GOOD, name: value})
    assert [setting_name for setting_name, _ in found] == [name]
    assert words in found[0][1]
    assert "\n" not in found[0][1]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("IMPEX_BASE_URL", "http://portal.example", "https"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql://u:p@db.example/impex", "verify-full"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql://db.example/i?sslmode=require", "verify-full"),
        ("IMPEX_EXAMPLE_DATABASE_URL", "postgresql:///i?host=db.example", "verify-full"),
        ("IMPEX_EXAMPLE_AMQP_URL", "amqp://u:p@mq.example/", "amqps"),
        ("IMPEX_EXAMPLE_AMQP_URL", "amqps://mq.example/?no_verify_ssl=1", "certificate"),
    ],
)
def test_cr_05_off_loopback_transport_is_encrypted_and_verified(
    name: str, value: str, words: str
) -> None:
    found = problems({**FAR, name: value})
    assert [setting_name for setting_name, _ in found] == [name]
    assert words in found[0][1]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost", "LOCALHOST."])
def test_cr_05_servers_on_the_machine_itself_need_no_tls(host: str) -> None:
    load(
        Example,
        {
            **FAR,
            "IMPEX_EXAMPLE_DATABASE_URL": f"postgresql://u:p@{host}:5432/impex",
            "IMPEX_EXAMPLE_AMQP_URL": f"amqp://u:p@{host}:5672/",
        },
    )


def test_every_mistake_is_reported_at_once_even_where_fields_are_missing() -> None:
    found = problems(
        {"IMPEX_BASE_URL": "http://portal.example", "IMPEX_TRIES": "x", "IMPEX_LOW": "30"}
    )
    assert {name for name, _ in found} == {
        "IMPEX_EXAMPLE_DATABASE_URL",
        "IMPEX_EXAMPLE_AMQP_URL",
        "IMPEX_EXAMPLE_KEYS",
        "IMPEX_TRIES",
        "IMPEX_BASE_URL",
        "IMPEX_LOW",
    }


def test_cr_07_a_secret_comes_from_a_file_without_its_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text(GOOD["IMPEX_EXAMPLE_AMQP_URL"] + "\n")
    environ = dict(GOOD)
    del environ["IMPEX_EXAMPLE_AMQP_URL"]
    example = load(Example, {**environ, "IMPEX_EXAMPLE_AMQP_URL_FILE": str(path)})
    assert example.amqp_url == GOOD["IMPEX_EXAMPLE_AMQP_URL"]


def test_a_file_that_cannot_be_read_or_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    environ = dict(GOOD)
    del environ["IMPEX_EXAMPLE_KEYS"]
    name = "IMPEX_EXAMPLE_KEYS_FILE"
    assert "No such file" in problems({**environ, name: str(tmp_path / "none")})[0][1]
    assert "Is a directory" in problems({**environ, name: str(tmp_path)})[0][1]
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in problems({**environ, name: str(tmp_path / "binary")})[0][1]
    (tmp_path / "long").write_text("x" * 70_000)
    assert "too long" in problems({**environ, name: str(tmp_path / "long")})[0][1]
    (tmp_path / "empty").write_text("\n")
    assert "is required" in problems({**environ, name: str(tmp_path / "empty")})[0][1]
    assert "given twice" in problems({**GOOD, name: str(tmp_path / "empty")})[0][1]


def test_only_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "tries").write_text("7")
    assert load(Example, {**GOOD, "IMPEX_TRIES_FILE": str(tmp_path / "tries")}).tries == 5


def test_lg_02_secrets_show_neither_in_the_object_nor_in_a_mistake() -> None:
    example = load(Example, GOOD)
    assert "very-secret" not in repr(example)
    assert RING[3:] not in repr(example)
    assert RING[3:] not in repr(example.keys)
    bad = {**GOOD, "IMPEX_EXAMPLE_KEYS": RING[:-6], "IMPEX_EXAMPLE_AMQP_URL": "very-secret"}
    text = str(ConfigurationError(problems(bad)))
    assert "very-secret" not in text
    assert RING[3:20] not in text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("IMPEX_TRIES", "11", " (given: 11)"),
        ("IMPEX_TRIES", "é\n", " (given: '\\xe9\\n')"),
        ("IMPEX_TRIES", "x" * 99, f" (given: {'x' * 80}…)"),
        ("IMPEX_LOW", "30", "must not be above IMPEX_HIGH (given: 30)"),
        ("IMPEX_THEME", "blue", "must be one of neutral, dsfr (given: blue)"),
    ],
    ids=["number", "control", "long", "combined", "choice"],
)
def test_a_mistake_shows_the_value_that_was_given(name: str, value: str, shown: str) -> None:
    ((_, sentence),) = problems({**GOOD, name: value})
    assert sentence.endswith(shown)


def test_lg_02_the_login_in_an_address_is_not_shown_with_a_mistake() -> None:
    ((_, sentence),) = problems({**GOOD, "IMPEX_BASE_URL": "https://u:very-secret@x.example"})
    assert "very-secret" not in sentence


def test_the_choice_of_nothing_is_left_out_of_the_sentence() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Look(CommonSettings):
        look: str = setting("IMPEX_LOOK", default="", choices=("", "dsfr", "neutral"))

    with pytest.raises(ConfigurationError) as caught:
        load(Look, {"IMPEX_LOOK": "blue"})
    assert caught.value.problems == [("IMPEX_LOOK", "must be one of dsfr, neutral (given: blue)")]


def test_one_key_serves_one_purpose() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Two(Example):
        more: KeyRing = setting("IMPEX_MORE_KEYS", secret=True, doc="More keys.")

    with pytest.raises(ConfigurationError) as caught:
        load(Two, {**GOOD, "IMPEX_MORE_KEYS": f"{new_key('n')},o{RING[2:]}"})
    (problem,) = caught.value.problems
    assert problem == ("IMPEX_MORE_KEYS", "has the key o in common with IMPEX_EXAMPLE_KEYS")


def test_a_misspelt_variable_gets_a_suggestion() -> None:
    environ = {**GOOD, "IMPEX_BASEURL": "https://x.example", "IMPEX_ZZZZ": "1", "OTHER": "1"}
    assert unknown_names([Example], environ) == [
        "IMPEX_BASEURL (did you mean IMPEX_BASE_URL?)",
        "IMPEX_ZZZZ",
    ]
    assert unknown_names([Example], {**GOOD, "IMPEX_EXAMPLE_KEYS_FILE": "x"}) == []


def test_a_secret_is_read_from_the_folder_of_secrets(tmp_path: Path) -> None:
    """By the setting's name; a variable or a file of its own goes first."""
    (tmp_path / "IMPEX_EXAMPLE_KEYS").write_text(GOOD["IMPEX_EXAMPLE_KEYS"] + "\n")
    rest = {name: text for name, text in GOOD.items() if name != "IMPEX_EXAMPLE_KEYS"}
    given = {**rest, "IMPEX_SECRETS_DIR": str(tmp_path)}
    assert load(Example, given) == load(Example, GOOD)
    assert unknown_names([Example], given) == []
    (tmp_path / "IMPEX_EXAMPLE_KEYS").write_text("k1:short")
    assert load(Example, {**given, "IMPEX_EXAMPLE_KEYS": GOOD["IMPEX_EXAMPLE_KEYS"]})


def test_a_folder_of_secrets_that_lacks_one_or_is_not_there_is_named(tmp_path: Path) -> None:
    rest = {name: text for name, text in GOOD.items() if name != "IMPEX_EXAMPLE_KEYS"}

    def problem(folder: Path) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load(Example, {**rest, "IMPEX_SECRETS_DIR": str(folder)})
        ((name, sentence),) = caught.value.problems
        assert name == "IMPEX_EXAMPLE_KEYS"
        return sentence

    assert problem(tmp_path).startswith("is required (or IMPEX_EXAMPLE_KEYS_FILE, or IMPEX_SECR")
    assert problem(tmp_path / "gone").startswith(
        "cannot be read from its file in IMPEX_SECRETS_DIR"
    )
    (tmp_path / "IMPEX_EXAMPLE_KEYS").mkdir()
    assert "Is a directory" in problem(tmp_path)


def test_a_setting_of_another_service_is_not_misspelt() -> None:
    """Services may share one environment."""
    assert (
        unknown_names([Example], {**GOOD, "IMPEX_TERMS_DIR": "x", "IMPEX_MFA_HEALTH_PORT": "1"})
        == []
    )
