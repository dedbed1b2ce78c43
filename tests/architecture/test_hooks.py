"""The hooks before a commit run this checkout's own tools and download nothing."""

import subprocess
import sys
from pathlib import Path

from tests.support.strict_yaml import load_yaml

ROOT = Path(__file__).resolve().parents[2]


def test_hooks_are_local_and_their_programs_are_in_the_environment() -> None:
    repos = load_yaml((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    hooks = repos[0]["hooks"]
    assert {hook["id"] for hook in hooks} == {"ruff", "format", "types", "docs"}
    for hook in hooks:
        program = hook["entry"].split()[0]
        assert hook["language"] == "system"
        assert program.startswith(".venv/bin/")
        assert (ROOT / program).exists(), program


def test_pre_commit_itself_accepts_the_file() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
