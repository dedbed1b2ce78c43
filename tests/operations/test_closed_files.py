"""S-08: what `make up` writes is closed to other users, and holds no password or row."""

import os
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.local import up
from operations.local.processes import Child
from operations.provision.secrets_dir import SecretsDir


def test_s_08_children_write_files_that_only_their_user_reads(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.touch(0o644)
    command = ["sh", "-c", "echo said; mkdir made; echo text > made/file"]
    child = Child("child", command, log, {"PATH": os.environ["PATH"]}, tmp_path)
    before = os.umask(0)
    try:
        child.start()
        assert child.process is not None
        assert child.process.wait(30) == 0
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"child.log": 0o600, "made": 0o700, "file": 0o600}


class Terminal(StringIO):
    """An output that is one, or is not."""

    def __init__(self, is_one: bool) -> None:
        super().__init__()
        self.is_one = is_one

    def isatty(self) -> bool:
        return self.is_one


@pytest.mark.parametrize("is_terminal", [True, False])
def test_s_08_passwords_are_printed_on_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    secrets_dir = SecretsDir(tmp_path)
    password = secrets_dir.get("postgresql-administrator")
    monkeypatch.setattr(sys, "stdout", Terminal(is_terminal))
    stack = cast(Any, SimpleNamespace(secrets_dir=secrets_dir))
    shown = up._login(stack, "postgresql-administrator")
    assert (password in shown) is is_terminal
    assert is_terminal or str(tmp_path / "postgresql-administrator") in shown
