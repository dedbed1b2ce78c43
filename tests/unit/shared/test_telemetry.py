"""Logs: one line per event whatever it holds, and nothing personal or secret in any of them."""

import errno
import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.base import Sealed
from shared.runtime.telemetry import configure_logging, get_logger, log_context, mask_text, trace_id
from shared.security.sealing import new_token
from tests.support.logs import written_log

TOKEN = new_token()


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the process logs during one test."""
    with written_log("debug") as written:
        yield written


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lg_01_a_line_has_time_place_and_action(stream: io.StringIO) -> None:
    with log_context(service="registration", trace_id="a" * 32, message_id=None):
        get_logger("accounts").info("An account was created.", action="account_created", tries=2)
    (line,) = lines(stream)
    when = datetime.fromisoformat(line.pop("time"))
    assert when.utcoffset() == timedelta(0)
    assert line == {
        "service": "registration",
        "trace_id": "a" * 32,
        "source": "accounts",
        "action": "account_created",
        "tries": 2,
        "level": "info",
        "sentence": "An account was created.",
    }


def test_context_applies_inside_only_and_inner_fields_win(stream: io.StringIO) -> None:
    log = get_logger("x")
    with log_context(service="a", message_id="1"):
        with log_context(message_id="2"):
            log.info("inner")
        log.info("outer")
    log.info("none")
    assert [line.get("message_id") for line in lines(stream)] == ["2", "1", None]


class FullDisk(io.StringIO):
    """Refuses what is written, at once or when it is flushed."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self._refused = refused

    def write(self, text: str) -> int:
        """Refused where the test says so."""
        if "write" in self._refused:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        """Refused where the test says so."""
        if "flush" in self._refused:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("refused", ["write", "flush", "closed"])
def test_a_log_that_cannot_be_written_stops_nothing(stream: io.StringIO, refused: str) -> None:
    broken = FullDisk(refused)
    if refused == "closed":
        broken.close()
    configure_logging("info", broken)
    get_logger("x").info("Something happened.", action="x")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        get_logger("x").exception("It failed.", action="x")
    assert stream.getvalue() == ""


PLANTED = [
    ({"password": "Planted-Secret-1"}, "Planted-Secret-1"),
    ({"new_password": "Planted-Secret-1"}, "Planted-Secret-1"),
    ({"code": "482913"}, "482913"),
    ({"link_token": TOKEN}, TOKEN),
    ({"Set-Cookie": "planted-cookie"}, "planted-cookie"),
    ({"csrf": "planted-csrf"}, "planted-csrf"),
    ({"link": "https://x.example/l/planted"}, "planted"),
    ({"form": {"fields": [{"password": "Planted-Secret-1"}]}}, "Planted-Secret-1"),
    ({"first_name": "Planted-Name"}, "Planted-Name"),
    ({"anything": TOKEN}, TOKEN),
    ({"url": f"https://x.example/inscription/lien?jeton={TOKEN}"}, TOKEN),
    ({"url": "/inscription/lien?jeton=short-planted&x=1"}, "short-planted"),
    ({"url": "postgresql://u:planted-pass@h/db"}, "planted-pass"),
    ({"url": "amqp://u:planted@pass@h/"}, "planted"),
    ({"body": b"planted-bytes"}, "planted-bytes"),
    ({"who": "pierre.planted@example.fr"}, "pierre.planted@"),
    ({"who": "Pierre <pierre.planted@example.fr>"}, "pierre.planted@"),
    ({"row": ("pierre.planted@example.fr", 3)}, "pierre.planted@"),
    ({"pierre.planted@example.fr": "as a name"}, "pierre.planted@"),
    ({"error": ValueError("Key (address)=(pierre.planted@example.fr)")}, "pierre.planted@"),
    ({"address": "rené.planté@exemple.fr"}, "planté@"),
    ({"address": '"odd planted"@example.fr'}, "planted"),
    ({"url": "/aide?address=pierre.planted%40example.fr"}, "pierre.planted"),
    ({"who": "o'brien.planted@example.fr"}, "o'brien"),
    ({"who": "planted" * 20 + "@example.fr"}, "planted"),
    ({"sealed": Sealed(recipient="mailer", key_id="k1", box="planted-box")}, "planted-box"),
]


@pytest.mark.parametrize(("fields", "secret"), PLANTED, ids=range(len(PLANTED)))
def test_lg_02_a_planted_secret_never_appears(
    stream: io.StringIO, fields: dict[str, Any], secret: str
) -> None:
    get_logger("x").info("Something happened.", action="x", **fields)
    assert len(lines(stream)) == 1
    assert secret not in json.dumps(lines(stream), ensure_ascii=False)


def test_lg_02_an_exception_is_masked_with_its_trace(stream: io.StringIO) -> None:
    try:
        raise ValueError(f"pierre.planted@example.fr used {TOKEN}")
    except ValueError:
        get_logger("x").exception("It failed.", action="x")
    (line,) = lines(stream)
    assert "ValueError: p***@example.fr used ***" in line["exception"]


def test_lg_02_a_row_that_the_database_refused_is_left_out() -> None:
    """PostgreSQL shows it in the error's detail, whatever it contains."""
    message = "CheckViolationError: new row violates check constraint"
    after = "\n\nDuring handling of the above exception, another exception occurred:"
    for row in ("(\\xf85c, Jeanne, Martin)", "(Jeanne,\nMartin)", "(Jeanne"):
        text = f"{message}\nDETAIL:  Failing row contains {row}."
        assert mask_text(text) == f"{message}\nDETAIL: [dropped]"
        assert mask_text(text + after) == f"{message}\nDETAIL: [dropped]{after}"
        assert mask_text(f"{text}\nHINT:  None.") == f"{message}\nDETAIL: [dropped]\nHINT:  None."


def test_lg_02_libraries_are_masked_too(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("sent to %s", "pierre.planted@example.fr")
    (line,) = lines(stream)
    assert (line["source"], line["level"]) == ("some.library", "warning")
    assert line["sentence"] == "sent to p***@example.fr"


def test_the_name_of_a_connection_is_no_address(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.telemetry.HOST", "vm")
    get_logger("x").info("x", connection="mailer.publish@vm", other="pierre.planted@vm.example")
    (line,) = lines(stream)
    assert (line["connection"], line["other"]) == ("mailer.publish@vm", "p***@vm.example")


@pytest.mark.parametrize("noisy", ["aiormq.connection", "aio_pika.robust", "asyncio"])
def test_chatter_of_libraries_is_left_out(stream: io.StringIO, noisy: str) -> None:
    logging.getLogger(noisy).info("chatter")
    assert lines(stream) == []


def test_the_level_of_the_settings_is_respected() -> None:
    with written_log("warning") as written:
        get_logger("x").info("not this")
        get_logger("x").warning("this")
    assert [line["sentence"] for line in lines(written)] == ["this"]


INJECTIONS = [
    '\n{"event":"x"}',
    '\r\n{"sentence":"forged","action":"authn_login_success"}',
    "\u2028forged\u2029forged\x85forged\x0b\x0c\x1c\x1d\x1e",
    '"}\n{"a":"b',
    "\x1b[2J\x00",
    "\ud800",
    "%s %d {0} {name}",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_lg_04_one_event_is_one_line_whatever_a_field_holds(stream: io.StringIO, text: str) -> None:
    get_logger("x").info(text, action=text, field=text, nested={text: [text]})
    written = stream.getvalue()
    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert written.rstrip("\n").isprintable()
    assert json.loads(written)["field"] == text


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4), st.text())
def test_lg_04_any_text_gives_one_line(fields: dict[str, str], sentence: str) -> None:
    with written_log("info") as written:
        get_logger("x").info(sentence, data=fields)
    assert len(written.getvalue().splitlines()) == 1
    json.loads(written.getvalue())


@given(st.from_regex(r"\A[a-zA-Z0-9._+-]{2,30}@[a-z0-9-]{1,20}\.[a-z]{2,6}\Z"))
def test_an_address_keeps_one_letter_and_its_domain(address: str) -> None:
    local, _, domain = address.partition("@")
    assert mask_text(f"for {address}, today") == f"for {local[0]}***@{domain}, today"


def test_long_texts_are_cut_and_plain_words_are_unchanged() -> None:
    assert len(mask_text("x y " * 5_000)) < 4_100
    plain = "registration.AccountRequested.v1 took 12 ms (attempt 3/5) at 2026-01-01T00:00:00Z"
    assert mask_text(plain) == plain


def test_masking_is_linear_on_hostile_texts() -> None:
    hostile = ["@" * 200_000, "a@" * 100_000, "a" * 200_000, "://" * 70_000, "x://a:" * 40_000]
    start = datetime.now()
    for text in hostile:
        mask_text(text)
    assert datetime.now() - start < timedelta(seconds=2)


def test_lg_02_keys_that_only_resemble_secrets_are_logged(stream: io.StringIO) -> None:
    get_logger("x").info("x", smtp_code=550, key_id="k1", status_code=500, routing_key="a.b")
    (line,) = lines(stream)
    assert (line["smtp_code"], line["key_id"], line["routing_key"]) == (550, "k1", "a.b")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", "a" * 32),
        (f"00-{'0' * 32}-{'b' * 16}-01", None),
        (f"00-{'a' * 32}-{'0' * 16}-01", None),
        (f"00-{'A' * 32}-{'b' * 16}-01", None),
        (f"00-{'a' * 32}-{'b' * 16}-01\n", None),
        ("", None),
        (None, None),
    ],
)
def test_a_trace_id_is_taken_from_a_valid_header_only(
    header: str | None, expected: str | None
) -> None:
    assert trace_id(header) == expected
