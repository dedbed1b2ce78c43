"""`impex logs`, `impex psql` and the file watch of `impex up`, without an installation."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from operations.install.paths import ROOT
from operations.local.logs import LogFile, parse_line, render_entry
from operations.local.psql import connection
from operations.local.supervisor import SourceWatch, owners
from tests.support.servers import fork_server

TRACE = "0af7651916cd43dd8448eb211c80319c"


def line(**fields: Any) -> bytes:
    entry = {"time": "2026-01-02T03:04:05.678Z", "level": "info", "service": "mfa", **fields}
    return json.dumps({"action": "tested", "sentence": "A test.", **entry}).encode() + b"\n"


def rendered(raw: bytes) -> str:
    return render_entry(parse_line(raw, "mfa", ""))


def test_a_log_line_is_readable() -> None:
    text = rendered(line(trace_id=TRACE, status=303, path="/aide", note="two words"))
    assert text.split() == [
        *("2026-01-02T03:04:05.678Z", "info", "mfa", "tested", "A", "test."),
        *("trace=0af7651916cd…", "status=303", "path=/aide", 'note="two', 'words"'),
    ]


def test_a_traceback_is_printed_below_its_line() -> None:
    first, *below = rendered(line(exception="Traceback:\n  x\nError: \x1b[1m")).splitlines()
    assert "Traceback" not in first
    assert below == ["    Traceback:", "      x", "    Error: \\x1b[1m"]


HOSTILE = (
    "\x1b]0;title\x07\x1b[2J",  # a terminal's title, a cleared screen
    "\x9b31m",  # the one-character form of an escape
    "a\r\nb\x00\x7f\x08",
    "\u202egnp.exe\u2028\u2066\ufeff",  # reversed writing, separators, invisible characters
    "\ud800",  # half of a surrogate pair, which cannot be encoded
)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "name", ["sentence", "time", "level", "service", "action", "trace_id", "exception", "path"]
)
def test_terminal_control_characters_are_escaped(hostile: str, name: str) -> None:
    for text in rendered(line(**{name: hostile})).split("\n"):
        assert text.isprintable()
        assert text.encode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_of_fields_and_nested_values_are_escaped(hostile: str) -> None:
    assert rendered(line(**{hostile: 1}, nested={hostile: [hostile]})).isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe\x1b[2J\x80 not UTF-8\n",
        b'{"sentence": "cut sho\n',
        b"[1, 2]\n",
        b'"sentence"\n',
        b"null\n",
        b"\n",
        b"[" * 100_000 + b"\n",
        b'{"sentence": ' + b"9" * 5_000 + b"}\n",
    ],
)
def test_a_line_of_another_format_is_printed_escaped(raw: bytes) -> None:
    entry = parse_line(raw, "mfa", "2026-01-02T03:04:05.678Z")
    assert (entry.time, entry.service) == ("2026-01-02T03:04:05.678Z", "mfa")
    assert render_entry(entry).isprintable()


def test_a_value_cannot_imitate_another_field() -> None:
    assert rendered(line(path='/x" level=error')).endswith(r'path="/x\" level=error"')


def test_long_values_are_cut() -> None:
    assert len(rendered(line(path="x" * 5_000))) < 200


def test_incomplete_lines_wait_and_an_emptied_file_is_read_from_its_beginning(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mfa.log"
    file = LogFile(path)
    assert list(file.new_entries()) == []
    path.write_bytes(line(n=1) + line(n=2)[:20])
    assert [entry.fields["n"] for entry in file.new_entries()] == [1]
    path.write_bytes(line(n=1) + line(n=2))
    assert [entry.fields["n"] for entry in file.new_entries()] == [2]
    path.write_bytes(line(n=3))
    assert [entry.fields["n"] for entry in file.new_entries()] == [3]


def write_logs(home: Path) -> None:
    (home / "log").mkdir()
    for service, trace in (("mfa", TRACE), ("gateway", "f" * 32), ("mailer", TRACE)):
        lines = [
            line(time=f"2026-01-02T03:04:0{second}.000Z", service=service, trace_id=trace)
            for second in ((1, 4), (2, 5), (3, 6))[("mfa", "gateway", "mailer").index(service)]
        ]
        (home / "log" / f"{service}.log").write_bytes(b"".join(lines))
    (home / "log" / "rabbitmq.log").write_text("another program's log\n")


def impex_logs(home: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "operations", "logs", *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "IMPEX_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ((), "123456"),
        (("--service", "gateway"), "25"),
        (("--trace", TRACE), "1346"),
        (("--trace", TRACE[:12], "--service", "mfa"), "14"),
        (("--trace", f"trace={TRACE[:12]}…"), "1346"),
    ],
)
def test_logs_of_several_services_are_merged_by_time(
    tmp_path: Path, options: tuple[str, ...], seconds: str
) -> None:
    write_logs(tmp_path)
    environment = {"PATH": os.environ["PATH"], "IMPEX_HOME": str(tmp_path)}
    done = fork_server.run(["logs", *options], environment)
    assert "".join(text[18] for text in done.stdout.splitlines()) == seconds
    assert done.stderr == ""


def test_without_logs_one_line_is_printed(tmp_path: Path) -> None:
    process = impex_logs(tmp_path)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error.count("\n")) == (1, "", 1)


def test_a_trace_that_no_line_has_is_named(tmp_path: Path) -> None:
    write_logs(tmp_path)
    environment = {"PATH": os.environ["PATH"], "IMPEX_HOME": str(tmp_path)}
    done = fork_server.run(["logs", "--trace", "0123"], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "impex: no line has a trace id that begins with 0123\n"


def test_follow_prints_new_lines_and_ends_with_its_reader(tmp_path: Path) -> None:
    write_logs(tmp_path)
    with impex_logs(tmp_path, "--follow", "--trace", "abc") as process:
        assert process.stdout is not None
        with (tmp_path / "log" / "mfa.log").open("ab") as log:
            log.write(line(trace_id="abcdef"))
        assert "trace=abcdef" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0


def test_psql_gets_the_password_by_its_environment() -> None:
    url = "postgresql://mfa:p%40ss@db.example:5433/impex?sslmode=verify-full"
    inherited = {"PGHOSTADDR": "10.0.0.1", "PGOPTIONS": "-c x=y", "PATH": "/bin"}
    assert connection(url, "mfa", inherited) == (
        "postgresql://mfa@db.example:5433/impex?sslmode=verify-full",
        {"PATH": "/bin", "PGOPTIONS": "-c x=y -c search_path=mfa", "PGPASSWORD": "p@ss"},
    )
    address, environment = connection("postgresql:///impex?host=/run&password=a+b", "mfa", {})
    assert (address, environment["PGPASSWORD"]) == ("postgresql:///impex?host=%2Frun", "a b")


def test_the_watch_names_files_that_are_written_created_or_deleted(tmp_path: Path) -> None:
    templates = tmp_path / "services" / "gateway" / "features" / "help" / "templates"
    cache = tmp_path / "shared" / "__pycache__"
    for folder in (templates, cache, tmp_path / "services" / "mfa"):
        folder.mkdir(parents=True)
    page, rules = templates / "help.html", tmp_path / "services" / "mfa" / "rules.py"
    page.touch()
    rules.touch()
    watch = SourceWatch(tmp_path)
    assert watch.changed_files() == []
    os.utime(page, (1, 1))
    rules.unlink()
    (tmp_path / "shared" / "errors.py").touch()
    (cache / "errors.pyc").touch()
    (templates / ".help.html.swp").touch()
    assert watch.changed_files() == [
        "services/gateway/features/help/templates/help.html",
        "services/mfa/rules.py",
        "shared/errors.py",
    ]
    assert watch.changed_files() == []


def test_a_changed_file_concerns_its_service_or_with_shared_all() -> None:
    services = ["mfa", "mailer"]
    assert owners("services/mfa/templates/x.html", services) == ["mfa"]
    fronts = ["desk", "gateway"]
    assert owners("services/gateway/http/errors.py", [*services, *fronts]) == fronts
    assert owners("services/gateway/desk/app.py", [*services, *fronts]) == ["desk"]
    assert owners("services/gateway/service.py", services) == []
    assert owners("services/__init__.py", services) == []
    assert owners("shared/errors.py", services) == services
