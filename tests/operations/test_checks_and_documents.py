"""`impex check`, `test`, `docs` and `texts`: steps, exit codes, written files."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from operations import ci_checks, texts
from operations.cli import main
from operations.docs import generate_docs


class Steps:
    """Replaces `subprocess.run`: records each module and ends it with the code given."""

    def __init__(self, **codes: int) -> None:
        self.codes = codes
        self.modules: list[str] = []
        self.environments: list[dict[str, str]] = []

    def run(
        self, command: Sequence[str], env: dict[str, str], **_more: Any
    ) -> subprocess.CompletedProcess[str]:
        module = command[2]
        self.modules.append(module)
        self.environments.append(env)
        code = self.codes.get(module.replace(".", "_"), 0)
        return subprocess.CompletedProcess(command, code, f"output of {module}", "")


def run(monkeypatch: pytest.MonkeyPatch, steps: Steps, *verb: str) -> int:
    """The exit code of a command whose steps are `steps`."""
    monkeypatch.setattr(ci_checks.subprocess, "run", steps.run)
    monkeypatch.delenv("CI", raising=False)
    return impex(*verb)


def impex(*verb: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(verb)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_check_runs_style_types_documents_and_local_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps()
    assert run(monkeypatch, steps, "check") == 0
    assert sorted(steps.modules[:-1]) == ["mypy.dmypy", "operations", "ruff", "ruff"]
    assert steps.modules[-1] == "pytest"


def test_a_crash_of_the_type_checkers_daemon_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(mypy_dmypy=2)
    assert run(monkeypatch, steps, "check") == 0
    assert sorted(steps.modules[:-1]) == ["mypy", "mypy.dmypy", "operations", "ruff", "ruff"]
    assert steps.modules[-1] == "pytest"


def test_no_test_runs_after_a_look_at_the_code_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = Steps(mypy_dmypy=1, operations=3)
    assert run(monkeypatch, steps, "check") == 1
    assert "pytest" not in steps.modules
    shown = capsys.readouterr().out
    assert "output of mypy.dmypy\nmypy --strict failed" in shown
    assert "output of operations\ngenerated documents failed" in shown
    assert "output of ruff" not in shown


def test_the_first_tests_that_fail_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(Steps):
        def run(
            self, command: Sequence[str], env: dict[str, str], **_more: Any
        ) -> subprocess.CompletedProcess[str]:
            self.codes["pytest"] = 5 if "-n" in command else 0
            return super().run(command, env)

    steps = Failing()
    assert run(monkeypatch, steps, "test") == 5
    assert steps.modules.count("pytest") == 2, "the collection, and the tests that failed"


def test_test_runs_every_test_and_misses_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps()
    assert run(monkeypatch, steps, "test") == 0
    assert sorted(steps.modules[:6]) == ["mypy", "operations", "pytest", "pytest", "ruff", "ruff"]
    assert steps.modules[6:] == ["pytest"]
    assert {one["CI"] for one in steps.environments} == {"true"}
    lint = Steps()
    assert run(monkeypatch, lint, "test", "--only-lint") == 0
    assert sorted(lint.modules) == ["mypy", "operations", "ruff", "ruff"]


def test_docs_writes_what_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert impex("docs", "--check") == 0
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(generate_docs, "documents", lambda: {"a.md": "new\n", "b.md": "same\n"})
    (tmp_path / "a.md").write_text("old\n")
    (tmp_path / "b.md").write_text("same\n")
    assert impex("docs", "--check") == 1
    assert capsys.readouterr().out == "out of date: a.md; `make docs` writes them\n"
    assert (tmp_path / "a.md").read_text() == "old\n"
    assert impex("docs") == 0
    assert (tmp_path / "a.md").read_text() == "new\n"


def test_texts_writes_what_is_out_of_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert impex("texts", "--check") == 0
    catalogue = tmp_path / "en.po"
    complete = texts.ENGLISH.read_text(encoding="utf-8")
    catalogue.write_text(f'{complete}\nmsgid "Plus là"\nmsgstr "Gone"\n', encoding="utf-8")
    found = texts.extracted()
    monkeypatch.setattr(texts, "extracted", lambda: found)
    monkeypatch.setattr(texts, "ROOT", tmp_path)
    monkeypatch.setattr(texts, "ENGLISH", catalogue)
    assert impex("texts", "--check") == 1
    assert capsys.readouterr().out == "out of date: en.po; `make texts` writes it\n"
    assert "Plus là" in catalogue.read_text(encoding="utf-8")
    assert impex("texts") == 0
    assert catalogue.read_text(encoding="utf-8") == complete


def test_texts_names_what_is_to_translate_and_fails_only_when_it_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = tmp_path / "en.po"
    catalogue.write_text(texts.ENGLISH.read_text(encoding="utf-8"), encoding="utf-8")
    found = texts.extracted()
    found.add("Nouveau texte")
    monkeypatch.setattr(texts, "extracted", lambda: found)
    monkeypatch.setattr(texts, "ROOT", tmp_path)
    monkeypatch.setattr(texts, "ENGLISH", catalogue)
    assert impex("texts") == 0
    assert "to translate in en.po: Nouveau texte\n" in capsys.readouterr().out
    assert impex("texts", "--check") == 1
