"""Forbidden constructs in the source, found in the syntax tree of each file."""

import ast
import json
import re
import subprocess
from functools import cache
from pathlib import Path

from tests.support.each_row import each_row

ROOT = Path(__file__).resolve().parents[2]
OURS = ("shared", "services", "operations")
FILES = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")[:-1]
TEXTS = [name for name in TRACKED if not name.endswith((".png", ".ico", ".woff2"))]


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """The syntax tree of a file, which five tests look at."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def calls(path: Path) -> tuple[tuple[str, ast.Call], ...]:
    """(dotted name, call) of every call in a file."""
    return tuple((ast.unparse(one.func), one) for one in nodes(path) if isinstance(one, ast.Call))


def imports(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@each_row("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_in_05_nothing_is_evaluated_unpickled_or_given_to_a_shell(path: Path) -> None:
    assert not imports(path) & {"pickle", "marshal", "shelve", "aio_pika.patterns"}
    for name, call in calls(path):
        assert name not in {"eval", "exec", "compile", "os.system", "os.popen"}, name
        assert not any(
            word.arg == "shell"
            and not (isinstance(word.value, ast.Constant) and not word.value.value)
            for word in call.keywords
        ), f"{name} with a shell"
        assert name.rpartition(".")[2] != "from_string", "a template made from data"


@each_row("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cr_02_no_weak_hash_and_no_identifier_as_a_secret(path: Path) -> None:
    """CR-02: SHA-1 only where TOTP will need it, MD5 never; tokens come from `secrets`."""
    for name, _ in calls(path):
        assert name.rsplit(".", 1)[-1] not in {"md5", "sha1", "uuid1", "uuid3"}, name
    if "token" in path.stem or "secret" in path.stem:
        assert "uuid" not in imports(path)


@each_row("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cr_03_secrets_are_compared_in_constant_time(path: Path) -> None:
    """CR-03: nothing named a hash, a digest of a secret, a token or a code is compared by ==."""
    secret = re.compile(r"(^|_|\.)(token|csrf|mac|code_hash|token_hash|password|password_hash)$")
    for node in nodes(path):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [node.left, *node.comparators]
            named = [ast.unparse(one) for one in sides if isinstance(one, ast.Name | ast.Attribute)]
            constants = [one for one in sides if isinstance(one, ast.Constant)]
            if not constants:
                assert not any(secret.search(name) for name in named), ast.unparse(node)


@each_row("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_in_04_statements_take_parameters_only(path: Path) -> None:
    """IN-04: what is given to the database is never a formatted string with a value inside."""
    if path.parts[-2] == "database" or path.is_relative_to(ROOT / "operations"):
        return  # roles and schemas, which cannot be parameters, quoted and from our own names
    for name, call in calls(path):
        if name.rsplit(".", 1)[-1] in {"execute", "fetch", "fetchrow", "fetchval", "executemany"}:
            first = call.args[0] if call.args else None
            if isinstance(first, ast.JoinedStr):
                pieces = [one.value for one in first.values if isinstance(one, ast.FormattedValue)]
                names = [one.id for one in pieces if isinstance(one, ast.Name)]
                # A module's own columns and conditions; `which` is chosen among its literals.
                assert len(names) == len(pieces), ast.unparse(call)[:120]
                assert all(one.isupper() or one == "which" for one in names), names
            if isinstance(first, ast.BinOp):
                assert not isinstance(first.op, ast.Mod), ast.unparse(call)[:120]


@each_row("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_in_11_log_messages_never_contain_input(path: Path) -> None:
    for name, call in calls(path):
        if re.fullmatch(r"log\.(debug|info|warning|error|critical)", name) and call.args:
            assert isinstance(call.args[0], ast.Constant), ast.unparse(call)[:120]


def test_cr_07_no_secret_lies_in_the_repository() -> None:
    found = []
    pattern = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bk\d+:[A-Za-z0-9+/]{43}=|AKIA[0-9A-Z]{16}"
    )
    for name in TEXTS:
        if not name.startswith("tests/"):
            text = (ROOT / name).read_text("utf-8", errors="replace")
            found += [f"{name}: {match[:20]}" for match in pattern.findall(text)]
    assert not found


def test_wf_09_everything_installed_is_locked_by_hash_and_nothing_names_a_registry() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text("utf-8")
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)
    hashed = re.findall(r"^([A-Za-z0-9._-]+)==[^\n]*\\\n\s+--hash=sha256:", lock, re.MULTILINE)
    assert pinned == hashed
    assert len(pinned) > 30
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for name, package in packages.items():
        assert not name or package.get("integrity", "").startswith("sha512-"), name
        assert "resolved" not in package
    hosts = re.compile(r"https?://[a-z0-9.-]*(pypi|pythonhosted|npmjs|nodesource)", re.IGNORECASE)
    for name in TEXTS:
        if name != "tests/security/test_source.py":
            assert not hosts.search((ROOT / name).read_text("utf-8", errors="replace")), name


def test_wf_09_wf_13_pages_load_nothing_from_elsewhere_and_use_no_dead_technology() -> None:
    for path in (ROOT / "services" / "gateway").rglob("*.*"):
        if path.suffix in {".html", ".css", ".mjs"}:
            text = path.read_text("utf-8")
            assert not re.search(r"(src|srcset)=[\"']?(https?:)?//", text), path
            assert not re.search(r"url\(\s*[\"']?(https?:)?//", text), path
            assert not re.search(r"<(applet|object|embed|marquee|blink)\b|callback=\?", text), path


def test_pw_10_no_hint_and_no_secret_question() -> None:
    for path in (ROOT / "services" / "gateway").rglob("*.html"):
        text = path.read_text("utf-8").lower()
        assert "question secrète" not in text
        assert "security question" not in text
        assert "indice de mot de passe" not in text
