"""`impex accounts import`: accounts of an agency's users, all or none, joined by their codes."""

import asyncio
import contextlib
import csv
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.cli import main
from operations.operate import accounts
from shared.contracts.registration.events import (
    AccountCreated,
    AccountImported,
    AccountRequested,
)
from shared.contracts.registration.resumption import AccountResumed, ResumeAccount
from shared.contracts.registration.views import RequestView
from shared.domain.resumption_codes import read_resumption_code
from tests.support.harness.registration import PASSWORD, RegistrationHarness
from tests.support.harness.registration_settings import KEYS
from tests.support.servers.shared_servers import Database

HEAD = "first_name;last_name;address;language\n"
TWO = HEAD + "Zoé;Müller;zoe@labo.fr;en\nPierre;Durand;Pierre@labo.fr;\n"
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def impex(tables: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `impex accounts import users.csv …` on a file; gives its exit code and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPEX_REGISTRATION_DATABASE_URL", tables.url("registration"))
    monkeypatch.setenv("IMPEX_TOKEN_KEYS", KEYS["IMPEX_TOKEN_KEYS"])

    def run(content: str | bytes, *options: str) -> tuple[int, str]:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "users.csv").write_bytes(raw)
        said = io.StringIO()
        streams = contextlib.redirect_stdout(said), contextlib.redirect_stderr(said)
        with streams[0], streams[1], pytest.raises(SystemExit) as left:
            main(("accounts", "import", "users.csv", *options))
        return int(left.value.code or 0), said.getvalue()

    return run


def codes(file: str = "codes.csv") -> list[dict[str, str]]:
    text = Path(file).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def mode(file: str) -> int:
    return Path(file).stat().st_mode & 0o777


def occupy(kind: str) -> None:
    """A file, or a link to one that does not exist, where the codes are to go."""
    if kind == "file":
        Path("codes.csv").write_text("mine")
    else:
        Path("codes.csv").symlink_to("elsewhere")


async def everything(harness: RegistrationHarness) -> list[int]:
    return [await harness.count(name) for name in ("accounts", "resumption_codes", "outbox")]


async def test_g_26_without_codes_nothing_is_written(
    harness: RegistrationHarness, impex: Command
) -> None:
    before = await everything(harness)
    code, said = impex(TWO)
    assert (code, said.splitlines()[0]) == (0, "2 accounts could be made.")
    assert "impex accounts import users.csv --codes CODES.csv" in said
    assert await everything(harness) == before
    assert os.listdir() == ["users.csv"]


async def test_g_26_an_imported_person_comes_to_the_account_with_the_code(
    harness: RegistrationHarness, impex: Command
) -> None:
    code, said = impex(TWO, "--codes", "codes.csv")
    assert (code, said.splitlines()[0]) == (0, "2 accounts made; no mail is sent.")
    assert mode("codes.csv") == 0o600
    zoe, pierre = codes()
    assert (zoe["line"], zoe["first_name"], zoe["address"]) == ("2", "Zoé", "zoe@labo.fr")
    assert zoe["code"].replace(" ", "") not in said
    imported = await harness.published(AccountImported)
    assert [event.language for _, _, event in imported] == ["en", "fr"]
    assert await harness.events(AccountRequested, AccountCreated) == []
    assert await harness.count("terms_acceptances") == 0
    # Until then the address has no password that could be asked for or tried.
    refusal = await harness.refusal(harness.sign_in("pierre@labo.fr", PASSWORD))
    assert refusal.slug == "wrong_credentials"
    request_id = await harness.verified()
    view: RequestView = await harness.ask(harness.accept(request_id))
    assert view.due == "resumption"
    wrong = await harness.refusal(_give(harness, request_id, zoe["code"]))
    assert wrong.slug == "wrong_code"
    view = await harness.ask(_give(harness, request_id, pierre["code"]))
    assert (view.due, view.resumed) == ("created", True)
    ((_, subject, _),) = await harness.published(AccountResumed)
    assert subject == imported[1][1]
    signed = await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))
    assert (signed.due, signed.account_id) == ("account", subject)
    assert await harness.count("terms_acceptances") == 1


async def test_g_26_a_request_made_before_the_import_ends_with_the_code_too(
    harness: RegistrationHarness, impex: Command
) -> None:
    request_id = await harness.verified()
    assert impex(TWO, "--codes", "codes.csv")[0] == 0
    view: RequestView = await harness.ask(harness.accept(request_id))
    assert view.due == "resumption"
    view = await harness.ask(_give(harness, request_id, codes()[1]["code"]))
    assert view.due == "created"
    assert await harness.count("accounts") == 2


async def test_g_26_every_mistake_and_every_address_in_use_is_named_and_nothing_is_done(
    harness: RegistrationHarness, impex: Command
) -> None:
    await harness.account()
    before = await everything(harness)
    content = TWO + "=1;B;c@labo.fr;\nA;B;zoe@labo.fr;\n"
    expected = [
        "line 3, address: an account has this address already",
        "line 4, first_name: it has a sign that no name has: =",
        "line 5, address: line 2 has this address too",
        "Nothing was imported: 3 mistakes.",
    ]
    for options in ((), ("--codes", "codes.csv")):
        code, said = impex(content, *options)
        assert (code, said.splitlines()) == (1, expected)
    assert await everything(harness) == before
    assert os.listdir() == ["users.csv"]


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_g_26_an_existing_file_of_codes_is_never_overwritten(
    harness: RegistrationHarness, impex: Command, kind: str
) -> None:
    occupy(kind)
    code, said = impex(TWO, "--codes", "codes.csv")
    assert code == 1
    assert "codes.csv exists and is never overwritten." in said
    assert await harness.count("accounts") == 0
    assert sorted(os.listdir()) == ["codes.csv", "users.csv"]


async def test_g_26_codes_that_cannot_be_written_leave_no_account_and_no_file(
    harness: RegistrationHarness, impex: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(accounts.os, "fsync", full)
    code, said = impex(TWO, "--codes", "codes.csv")
    assert (code, "No space left" in said) == (1, True)
    assert await everything(harness) == [0, 0, 0]
    assert os.listdir() == ["users.csv"]


async def test_g_26_a_cell_of_the_codes_is_no_formula(
    harness: RegistrationHarness, impex: Command
) -> None:
    assert impex(HEAD + "A;-B;=sum@labo.fr;\n", "--codes", "codes.csv")[0] == 0
    (row,) = codes()
    assert (row["last_name"], row["address"]) == ("'-B", "'=sum@labo.fr")


async def test_g_26_renew_gives_another_code_to_who_never_joined_and_to_nobody_else(
    harness: RegistrationHarness, impex: Command
) -> None:
    assert impex(TWO, "--codes", "codes.csv")[0] == 0
    old = codes()
    three = TWO + "A;B;c@labo.fr;\n"
    code, said = impex(three)
    assert (code, said.count("an account has this address already")) == (1, 2)
    code, said = impex(three, "--renew", "--codes", "new.csv")
    assert said.splitlines()[:2] == [
        "1 account made; no mail is sent.",
        "2 accounts imported before got another code.",
    ]
    assert len(await harness.events(AccountImported)) == 3
    request_id = await harness.verified()
    await harness.ask(harness.accept(request_id))
    wrong = await harness.refusal(_give(harness, request_id, old[1]["code"]))
    assert wrong.slug == "wrong_code"
    await harness.ask(_give(harness, request_id, codes("new.csv")[1]["code"]))
    # Joined, and the phone lost again: an import is no way into the account.
    await harness.fetch("DELETE FROM credentials")
    code, said = impex(TWO, "--renew", "--codes", "third.csv")
    assert (code, said.splitlines()[0]) == (
        1,
        "line 3, address: an account has this address already",
    )
    assert "third.csv" not in os.listdir()


async def test_g_26_a_command_killed_before_the_end_leaves_codes_of_nothing_at_most(
    harness: RegistrationHarness, impex: Command, tmp_path: Path
) -> None:
    """Killed once its codes are written and its transaction waits: no account is there."""
    (tmp_path / "users.csv").write_text(TWO, "utf-8")
    stopped = """
import os, sys
from operations.operate import accounts
from operations.cli import main
write = accounts._write_codes
def write_and_wait(*args):
    write(*args)
    print("written", flush=True)
    sys.stdin.read()
accounts._write_codes = write_and_wait
main(("accounts", "import", "users.csv", "--codes", "codes.csv"))
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        stopped,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 60) == b"written\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    assert len(codes()) == 2
    # The server notices at once that the session is gone; until then the lock is waited for.
    code, said = impex(TWO)
    assert (code, said.splitlines()[0]) == (0, "2 accounts could be made.")
    assert await everything(harness) == [0, 0, 0]
    assert impex(TWO, "--codes", "codes.csv")[0] == 1
    assert impex(TWO, "--codes", "others.csv")[0] == 0
    assert await harness.count("accounts") == 2


async def test_g_26_thousands_of_people_take_seconds(
    harness: RegistrationHarness, impex: Command
) -> None:
    lines = [f"Anne;Durand;anne.{number}@labo.fr;fr" for number in range(2_000)]
    begun = time.monotonic()
    code, _ = impex(HEAD + "\n".join(lines), "--codes", "codes.csv")
    assert code == 0
    assert time.monotonic() - begun < 30
    found = codes()
    assert len({row["code"] for row in found}) == 2_000
    assert all(read_resumption_code(row["code"]) for row in found)
    assert await everything(harness) == [2_000] * 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--days", "0", "--codes", "c.csv"), "impex: --days: must be from 1 to 90\n"),
        (("--days", "91"), "impex: --days: must be from 1 to 90\n"),
    ],
)
def test_g_26_a_code_is_valid_for_a_bounded_time(
    impex: Command, options: tuple[str, ...], said: str
) -> None:
    assert impex(TWO, *options) == (2, said)


def _give(harness: RegistrationHarness, request_id: str, code: str) -> Any:
    return ResumeAccount(request_id=request_id, code=harness.seal(ResumeAccount, "code", code))
