"""Every version of every message ever published can still be read (B-10, MQ-05).

The golden files are the record: a field renamed, removed or made mandatory breaks their decoding.
"""

import json
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from operations.provision.partners import FOLDER
from shared.contracts.backoffice import DossierFiled
from shared.contracts.base import Event, Request
from shared.contracts.registration.events import AccountCreated
from tests.contract.compatibility import assert_complete, assert_readable, partners_of
from tests.contract.samples import GOLDEN, MESSAGES
from tests.support.each_row import each_row

FILES = sorted(GOLDEN.glob("*.json"))


def test_every_message_has_its_golden_file_and_every_golden_file_its_message() -> None:
    assert_complete(FILES, MESSAGES)


@each_row("path", FILES, ids=lambda path: path.stem)
def test_a_message_published_once_can_always_be_read(path: Path) -> None:
    assert_readable(path, MESSAGES)


CREATED = AccountCreated.TYPE
FILED = DossierFiled.TYPE
FIELDS = [(field, hint) for field, hint in get_type_hints(AccountCreated).items()]
PLAIN = [(name, hint) for name, hint in FIELDS if name in AccountCreated.__struct_fields__]
#: Changes of a type that break those who publish or hear it.
BREAKING = {
    "a field is renamed": [("renamed", PLAIN[0][1]), *PLAIN[1:]],
    "a field is removed": PLAIN[1:],
    "a field is of another type": [(PLAIN[0][0], int), *PLAIN[1:]],
    "a field is new and mandatory": [*PLAIN, ("added", str)],
}


@pytest.fixture
def labo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner that hears one of our types and publishes another one."""
    (tmp_path / "labo.toml").write_text(f"hears = ['{CREATED}']\nemits = ['{FILED}']")
    monkeypatch.setenv(FOLDER, str(tmp_path))


@each_row("change", BREAKING)
def test_b_10_a_breaking_change_names_the_partners_that_it_concerns(
    labo: None, change: str
) -> None:
    changed = msgspec.defstruct("Changed", BREAKING[change], kw_only=True)
    path = GOLDEN / f"{CREATED}.json"
    assert_readable(path, MESSAGES)
    with pytest.raises(AssertionError, match=r"AccountCreated\.v1 \(partners: labo hears it\)"):
        assert_readable(path, {**MESSAGES, CREATED: changed})


def test_b_10_a_type_that_is_gone_names_the_partners_that_publish_it(labo: None) -> None:
    left = {name: one for name, one in MESSAGES.items() if name != FILED}
    with pytest.raises(AssertionError, match=r"DossierFiled\.v1 \(partners: labo emits it\)"):
        assert_complete(FILES, left)


def test_b_10_the_committed_partner_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert partners_of(FILED) == " (partners: backoffice emits it)"
    assert partners_of("mailer.MailAccepted.v1") == ""


@each_row("path", FILES, ids=lambda path: path.stem)
def test_a_reader_ignores_a_field_it_does_not_know(path) -> None:
    published = json.loads(path.read_text("utf-8"))
    newer = {**published, "a_field_of_tomorrow": {"deep": [1]}}
    assert msgspec.convert(newer, MESSAGES[path.stem]) == msgspec.convert(
        published, MESSAGES[path.stem]
    )


@each_row("name", sorted(MESSAGES))
def test_every_message_has_a_docstring_and_its_wire_name(name: str) -> None:
    message: type[Event] | type[Request] = MESSAGES[name]
    assert message.__doc__
    assert len(message.__doc__.split()) > 2, name
    assert name == f"{message.OWNER}.{message.__name__}.v{name.rsplit('.v', 1)[1]}"


@each_row("name", sorted(MESSAGES))
def test_b_04_no_message_has_a_readable_secret(name: str) -> None:
    """B-04, MQ-04: a field named after a secret is sealed."""
    hints = MESSAGES[name].__annotations__
    for field, hint in hints.items():
        if any(word in field for word in ("code", "token", "password", "secret")):
            assert "Sealed" in str(hint) or field.endswith("_at"), f"{name}.{field}"
