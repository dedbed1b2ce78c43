"""What happens before anything is installed: packages, stamps, folders, child processes.

The installers themselves are replaced by scripts that record their arguments, because a test must
not change the machine.
"""

import ast
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from operations.install import bootstrap
from operations.install.bootstrap import SCRIPT
from operations.install.paths import ROOT, Paths, write_for
from operations.local import up
from operations.local.processes import Child, started_at
from operations.local.state import (
    ProcessIdentity,
    State,
    read,
    read_running_state,
    stop_orphans,
    take_lock,
)
from tests.support import eventually_sync

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root is refused by PostgreSQL")


class Machine:
    """A fake machine: apt-get, dpkg-query and systemctl record their arguments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy = folder / "policy-rc.d"
        self.cluster = folder / "createcluster.conf"
        self.notes = folder / "notes"
        self.notes.touch()
        programs = folder / "bin"
        programs.mkdir()
        self.script("dpkg-query", "exit 1")
        self.script("systemctl", f'echo "systemctl $*" >>{self.notes}')
        self.apt("exit 0")

    def script(self, name: str, body: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def apt(self, ending: str) -> None:
        """apt-get records its arguments and what would prevent servers from starting, then exits
        so.
        """
        self.script(
            "apt-get",
            f"""
case "$*" in *postgresql-common*) echo from-the-package >{self.cluster};; esac
echo "apt-get $*" >>{self.notes}
echo "policy: $(sh {self.policy}; echo $?)" >>{self.notes}
echo "cluster: $(cat {self.cluster} 2>/dev/null)" >>{self.notes}
{ending}""",
        )

    def install(self, *packages: str) -> int:
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "POLICY_RC_D": str(self.policy),
            "CREATECLUSTER_CONF": str(self.cluster),
        }
        return subprocess.run([str(SCRIPT), *packages], env=environment, check=False).returncode


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_server_is_started_or_created_by_an_installation(machine: Machine) -> None:
    assert machine.install("postgresql", "rabbitmq-server") == 0
    notes = machine.notes.read_text()
    assert "policy: 0" not in notes
    assert notes.count("policy: 101") == 4, "update, postgresql-common, postgresql, rabbitmq-server"
    server = notes.index("install -y --no-install-recommends", notes.index("postgresql-common"))
    assert "cluster: create_main_cluster = false" in notes[server:]
    assert "systemctl disable rabbitmq-server" in notes


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 42\n"])
@pytest.mark.parametrize("ending", ["exit 0", "exit 100", "kill -TERM $PPID; exit 0"])
def test_former_state_is_restored(machine: Machine, before: str | None, ending: str) -> None:
    if before is not None:
        machine.policy.write_text(before)
        machine.policy.chmod(0o755)
    machine.cluster.write_text("mine\n")
    machine.apt(ending)
    code = machine.install("postgresql")
    assert (code == 0) == (ending == "exit 0")
    if before is None:
        assert not machine.policy.exists()
    else:
        assert machine.policy.read_text() == before
        assert machine.policy.stat().st_mode & 0o777 == 0o755
    assert "create_main_cluster" not in machine.cluster.read_text()


def test_a_failed_installer_shows_its_last_lines_and_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path))
    (tmp_path / "log").mkdir()
    with pytest.raises(bootstrap.InstallFailed) as failed:
        bootstrap.run(["sh", "-c", "echo noise; echo the reason >&2; exit 3"], "trying")
    assert "trying failed with code 3" in str(failed.value)
    assert str(tmp_path / "log" / "install.log") in str(failed.value)
    assert str(failed.value).endswith("the reason")


def test_nothing_is_installed_twice(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    expected = bootstrap.fingerprint("requirements-dev.lock", "pyproject.toml")
    assert not bootstrap.up_to_date(stamp, expected)
    stamp.write_text(expected)
    assert bootstrap.up_to_date(stamp, expected)
    assert not bootstrap.up_to_date(stamp, bootstrap.fingerprint("package-lock.json"))


@pytest.mark.parametrize("debian_fails", [False, True])
def test_everything_is_installed_at_once_but_what_makes_the_virtual_environment(
    monkeypatch: pytest.MonkeyPatch, debian_fails: bool
) -> None:
    """And all ends before a failure is reported."""
    begun, ended = threading.Event(), []

    def install_packages(packages: list[str]) -> None:
        if packages == ["python3-venv"]:
            assert not begun.is_set()
        else:
            assert begun.wait(60), "Python packages are installed meanwhile"
            if debian_fails:
                raise bootstrap.InstallFailed("no such package")
        ended.extend(packages)

    def install_python() -> None:
        begun.set()
        ended.append("python")

    monkeypatch.setattr(
        bootstrap, "missing_packages", lambda **_: ["postgresql", "python3-venv", "chromium"]
    )
    monkeypatch.setattr(bootstrap, "may_install", lambda packages: None)
    monkeypatch.setattr(bootstrap, "install_packages", install_packages)
    monkeypatch.setattr(bootstrap, "install_python", install_python)
    monkeypatch.setattr(bootstrap, "install_npm", lambda: ended.append("npm"))
    monkeypatch.setattr(bootstrap, "install_example", lambda: ended.append("example"))
    with nullcontext() if not debian_fails else pytest.raises(bootstrap.InstallFailed):
        bootstrap.install(test=True)
    assert ended[0] == "python3-venv"
    debian = set() if debian_fails else {"postgresql", "chromium"}
    assert set(ended[1:]) == {"python", "npm", "example", *debian}


def test_an_incomplete_virtual_environment_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while pip is installed leaves a Python without it, undetected."""
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path))
    (tmp_path / "log").mkdir()
    cut_short = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(cut_short)], check=True)
    monkeypatch.setattr(bootstrap, "VENV", cut_short)
    monkeypatch.setattr(bootstrap, "PYTHON", cut_short / "bin" / "python")
    ran: list[str] = []
    monkeypatch.setattr(bootstrap, "run", lambda command, what: ran.append(what))
    bootstrap.install_python()
    assert ran[0] == "making the virtual environment"


def test_a_node_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("npm", "9.2.0"), ("node", "v18.19.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(bootstrap, "up_to_date", lambda *_: False)
    with pytest.raises(
        bootstrap.InstallFailed, match="20 or newer is needed; `node` is version 18"
    ):
        bootstrap.install_npm()


def test_an_unwritable_folder_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path / "file" / "home"))
    assert bootstrap.main([]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().out


def test_a_second_installation_waits_for_the_first(tmp_path: Path) -> None:
    environment = {**os.environ, "IMPEX_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    code = """
from operations.install import bootstrap
bootstrap.paths().make()
with bootstrap.install_lock():
    print("mine", flush=True)
    input()
"""
    begin = [sys.executable, "-c", code]
    how = {"cwd": ROOT, "env": environment, "text": True}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(begin, **how, **pipes) as first:  # type: ignore[call-overload]
        assert first.stdout.readline() == "mine\n"
        with subprocess.Popen(begin, **how, **pipes) as second:  # type: ignore[call-overload]
            assert "waiting for the installation" in second.stdout.readline()
            first.stdin.write("\n")
            first.stdin.flush()
            assert second.stdout.readline() == "mine\n"
            second.stdin.write("\n")
            second.stdin.flush()


def test_it_starts_with_nothing_but_python(tmp_path: Path) -> None:
    """No import outside the standard library: -S leaves the installed packages out."""
    code = "import operations.install.bootstrap"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True)


#: Files that run before the version of Python is checked.
EARLY = (*(ROOT / "operations" / "install").glob("*.py"), ROOT / "operations" / "printing.py")


@pytest.mark.parametrize("path", EARLY, ids=lambda path: path.name)
def test_an_older_python_gets_an_error_that_names_a_newer_one(path: Path) -> None:
    """Annotations are evaluated: Python 3.8 fails at `list[str]`, 3.9 at `X | None`.

    And Python 3.7 cannot parse all of today's syntax.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))):
        for name in ("annotation", "returns"):
            annotation = getattr(node, name, None)
            parts = ast.walk(annotation) if annotation else ()
            newer = [one for one in parts if isinstance(one, ast.BinOp | ast.Subscript)]
            assert not newer, f"line {newer[0].lineno}: this annotation must be quoted"


def test_data_is_inside_the_checkout_where_the_servers_can_reach_it(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="impex-reach-"))
    folder.chmod(0o755)
    try:
        assert Paths(folder).data() == folder / "data"
    finally:
        folder.rmdir()


@AS_ROOT
def test_data_is_outside_where_they_cannot(tmp_path: Path) -> None:
    home = tmp_path / "closed" / "home"
    home.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    where = Paths(home)
    assert where.data() == where.outside
    assert where.outside.parent == Path("/var/lib/impex")
    assert where.outside != Paths(tmp_path).outside, "every checkout has its own"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_was_readable_by_all_shows_nobody_the_new_text(
    tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "gateway.env"
    file.write_text("old")
    file.chmod(0o644)
    with file.open() as opened_before:
        write_for("", file, "secret", mode)
        assert opened_before.read() == "old"
    assert file.read_text() == "secret"
    assert file.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [file]


PARENT = """
import sys, time
from pathlib import Path
from operations.local.processes import Child
child = Child("sleeper", ["sleep", "600"], Path(sys.argv[1]), {"PATH": "/usr/bin:/bin"}, Path("/"),
              user=sys.argv[2])
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("user", ["", pytest.param("nobody", marks=AS_ROOT)])
def test_a_child_ends_with_a_launcher_that_is_killed(tmp_path: Path, user: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log"), user],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    comm = Path(f"/proc/{child}/comm")
    eventually_sync(lambda: comm.read_text().strip() == "sleep", 60)
    born = started_at(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually_sync(lambda: started_at(child) != born, 60, why="the child has ended")


def test_a_child_whose_launcher_ended_before_it_began_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    child = Child("sleeper", ["sleep", "600"], tmp_path / "log", {"PATH": os.defpath}, tmp_path)
    child.start()
    assert child.process is not None
    assert child.process.wait(10) == 1


def test_the_start_leaves_time_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look may start a process, or ask a service that needs the processor to start."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    ready = iter([False, False, True])
    up._await({"gateway": lambda: next(ready)}, "gateway", time.monotonic())
    assert slept == [0.05, 0.05]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def written(where: Paths, child: ProcessIdentity) -> None:
    launcher = ProcessIdentity.of(os.getpid())
    assert launcher is not None
    former = ProcessIdentity(launcher.pid, launcher.started - 1, launcher.boot)
    State(former, "2026-01-01T00:00:00+00:00", children={"sleeper": child}).write(where.state)


def test_an_orphan_is_ended_and_reported(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    where = Paths(tmp_path)
    known = ProcessIdentity.of(sleeper.pid)
    assert known is not None
    written(where, known)
    reported: list[str] = []
    stop_orphans(where, reported.append)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert reported == ["ending what an earlier run left behind: sleeper"]
    assert read(where.state) is None


@pytest.mark.parametrize("change", ["started", "boot"])
def test_another_process_with_the_same_id_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], change: str
) -> None:
    where = Paths(tmp_path)
    known = ProcessIdentity.of(sleeper.pid)
    assert known is not None
    started = known.started - (change == "started")
    boot = "another" if change == "boot" else known.boot
    written(where, ProcessIdentity(sleeper.pid, started, boot))
    stop_orphans(where, lambda text: pytest.fail(text))
    assert sleeper.poll() is None
    assert read_running_state(where) is None


def test_a_damaged_state_file_is_no_obstacle(tmp_path: Path) -> None:
    where = Paths(tmp_path)
    where.state.write_text('{"launcher": {"pid"')
    assert read(where.state) is None
    stop_orphans(where, lambda text: pytest.fail(text))


def test_only_one_launcher_holds_the_lock(tmp_path: Path) -> None:
    where = Paths(tmp_path)
    first = take_lock(where)
    assert first is not None
    assert take_lock(where) is None
    first.close()
    again = take_lock(where)
    assert again is not None
    again.close()
