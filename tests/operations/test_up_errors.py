"""`impex up` with invalid settings: all errors are reported at once, and nothing starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from operations.install.paths import ROOT, Paths
from operations.local.processes import Child, Misconfigured, StartFailed
from operations.local.settings import StackSettings, validate_settings
from operations.local.stack import Stack
from operations.local.up import command
from shared.errors import ConfigurationError
from shared.settings import load

IMPEX = [sys.executable, "-m", "operations"]


def up(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """`impex up` with exactly these variables."""
    environment = {"PATH": os.environ["PATH"], "IMPEX_HOME": str(home), **more}
    return subprocess.run(
        [*IMPEX, "up"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def ended(child: Child) -> Child:
    """The child, once it has ended by itself."""
    child.start()
    assert child.process is not None
    child.process.wait(20)
    return child


def program(name: str, log: Path, code: str) -> Child:
    """A child that runs a line of Python."""
    return Child(name, [sys.executable, "-c", code], log, {"PATH": os.environ["PATH"]}, ROOT)


def test_the_settings_of_every_service_are_validated_before_anything_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = up(
        home,
        IMPEX_RECOVERY_CODES="maybe",  # read by two services, reported once
        IMPEX_SESSION_IDLE="500",
        IMPEX_GATEWAY_PORT="eighty",
        IMPEX_MAIL_KEEP="0",
        IMPEX_UI_THEME="blue",
        IMPEX_SMTP_URL="http://u:very-secret@mail.example",
    )
    assert (done.returncode, done.stdout) == (2, "")
    errors = dict(line.removeprefix("impex: ").split(": ", 1) for line in done.stderr.splitlines())
    assert errors.pop("IMPEX_SMTP_URL")
    assert errors == {
        "IMPEX_GATEWAY_PORT": "must be a whole number (given: eighty)",
        "IMPEX_MAIL_KEEP": "must be at least 1 days (given: 0)",
        "IMPEX_RECOVERY_CODES": "must be true or false (given: maybe)",
        "IMPEX_SESSION_IDLE": "must be at most 60 minutes (given: 500)",
        "IMPEX_UI_THEME": "must be one of dsfr, neutral (given: blue)",
    }
    assert len(done.stderr.splitlines()) == len(errors) + 1
    assert "very-secret" not in done.stderr
    assert {one.name for one in home.iterdir()} == {"lock", "log"}, "nothing was started"


def test_a_misspelt_variable_is_reported_in_one_line(tmp_path: Path) -> None:
    done = up(tmp_path / "home", IMPEX_SESION_IDLE="20", IMPEX_SESSION_HOURS="0")
    sentence = "no setting is called IMPEX_SESION_IDLE (did you mean IMPEX_SESSION_IDLE?)"
    assert done.stderr.splitlines()[0] == f"impex: {sentence}; it is left aside"
    assert len(done.stderr.splitlines()) == 2


def test_keys_and_urls_are_not_required_before_provisioning() -> None:
    assert validate_settings({}) == load(StackSettings, {})
    with pytest.raises(ConfigurationError) as caught:
        validate_settings(
            {
                "IMPEX_BASE_URL": "https://portal.example",
                "IMPEX_DESK_BASE_URL": "https://desk.example",
            }
        )
    named = {name for name, _ in caught.value.problems}
    assert {"IMPEX_LEGAL_DIR", "IMPEX_TERMS_DIR", "IMPEX_MAIL_SENDER"} <= named
    assert not [name for name in named if name.endswith(("_KEYS", "_URL"))]


def test_only_lines_of_this_start_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("an old mistake\n" * 30)
    first = ended(program("part", log, "print('of the first start')"))
    second = ended(program("part", log, "print('of this start'); raise SystemExit(1)"))
    with pytest.raises(StartFailed, match="ended with code 1") as caught:
        second.require_alive()
    assert str(caught.value).splitlines()[1:] == [f"(end of {log})", "of this start"]
    assert "of the first start" in first.last_lines()


def test_a_service_that_refuses_its_settings_is_reported_as_such(tmp_path: Path) -> None:
    stack = Stack(Paths(tmp_path), load(StackSettings, {}))
    script = "print('{}'); print('impex: IMPEX_X: must be y'); raise SystemExit(2)"
    stack.children["mfa"] = ended(program("mfa", tmp_path / "mfa.log", script))
    with pytest.raises(Misconfigured) as caught:
        stack.service_ready("mfa")
    expected = "mfa has wrong settings\nimpex: IMPEX_X: must be y"
    assert str(caught.value) == expected, "and nothing else of its log"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_standard_output_is_no_error(tmp_path: Path, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [*IMPEX, "status"],
            cwd=ROOT,
            env={"IMPEX_HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=180,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, ""), (
        "nothing runs there, and there is no other output"
    )


def test_the_command_that_is_named_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert command() in (".venv/bin/impex", "impex")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert command() == "impex"
