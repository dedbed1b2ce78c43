"""From a bare Debian machine to a checkout that can run: packages, Python and npm parts.

Standard library only, because it runs before anything is installed: `python3 -m
operations.install.bootstrap [--test]`. Does only what is missing or out of date, writes the
installers' output to `.impex/log/install.log`, and shows its end when something fails.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from operations.install.paths import ROOT, missing_servers, paths
from operations.printing import note, say, step

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SCRIPT = Path(__file__).with_name("install_packages.sh")
#: What tests need, with their programs: a browser, a font, and what checks the alert rules.
TEST_PACKAGES = {
    "chromium-headless-shell": "chromium-headless-shell",
    "fonts-dejavu-core": "",
    "prometheus": "promtool",
}
#: The virtual environment waits for it; everything else is installed at the same time.
VENV_PACKAGE = "python3-venv"
#: The oldest Node.js that the mail catcher runs on.
NODE = 20
SHOWN_LINES = 25


class InstallFailed(Exception):
    """An installer ended with an error; the message is for the person at the terminal."""


def run(command: "Sequence[str]", what: str) -> None:
    """Run an installer with its output in the log; InstallFailed shows the end of that output."""
    log = paths().logs / "install.log"
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        begin = output.tell()
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        except OSError as error:
            raise InstallFailed(f"{what}: {error}") from error
    if done.returncode:
        lines = log.read_bytes()[begin:].decode(errors="replace").splitlines()
        end = "\n".join(lines[-SHOWN_LINES:])
        raise InstallFailed(f"{what} failed with code {done.returncode} ({log}):\n{end}")


def output_of(*command: str) -> "str | None":
    """What a command prints; None when it fails or there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def is_installed(package: str) -> bool:
    """Whether Debian's package is installed."""
    status = output_of("dpkg-query", "-W", "-f", "${Status}", package)
    return status is not None and status.endswith("ok installed")


def node_version() -> int:
    """The major version of Node.js; 0 where there is none that runs."""
    found = re.match(r"v(\d+)\.", output_of("node", "--version") or "")
    return int(found[1]) if found else 0


def missing_packages(*, test: bool) -> "list[str]":
    """Debian's packages that are needed and not there; servers given from outside are not."""
    given = {"postgresql": "IMPEX_DATABASE_URL", "rabbitmq-server": "IMPEX_AMQP_URL"}
    missing = [
        package
        for package in missing_servers()
        if test or not (os.environ.get(given[package]) or os.environ.get(f"{given[package]}_FILE"))
    ]
    if not PYTHON.exists() and output_of(sys.executable, "-c", "import venv, ensurepip") is None:
        missing.append(VENV_PACKAGE)
    if test:
        for package, program in TEST_PACKAGES.items():
            if not (shutil.which(program) if program else is_installed(package)):
                missing.append(package)
    return missing


def may_install(packages: "list[str]") -> None:
    """InstallFailed where this user cannot install Debian's packages; may ask for a password."""
    if not shutil.which("apt-get"):
        raise InstallFailed(f"please install these yourself: {', '.join(packages)}")
    if os.getuid() != 0:
        if not shutil.which("sudo"):
            raise InstallFailed(
                f"{', '.join(packages)} must be installed, as root or with sudo: "
                f"apt-get install {' '.join(packages)}"
            )
        # Asks for the password here, where the person sees it, not into the log.
        if subprocess.run(["sudo", "-v"], check=False).returncode:
            raise InstallFailed("sudo was refused, so the packages cannot be installed")


def install_packages(packages: "list[str]") -> None:
    """Install Debian's packages without starting or creating any server."""
    command = [str(SCRIPT), *packages]
    if os.getuid() != 0:
        command = ["sudo", *command]
    run(command, f"installing {', '.join(packages)}")


def fingerprint(*files: "str | Path") -> str:
    """A hash that changes with the files, the place of the checkout and the version of Python."""
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def up_to_date(stamp: Path, expected: str) -> bool:
    """Whether the fingerprint in `stamp` is `expected`."""
    return stamp.exists() and stamp.read_text() == expected


def install_python() -> None:
    """The virtual environment with exactly the packages of the lock, and this project in it."""
    stamp = VENV / "impex.stamp"
    expected = fingerprint("requirements-dev.lock", "pyproject.toml")
    if up_to_date(stamp, expected):
        return
    with step("Python packages, with their hashes checked"):
        if output_of(str(PYTHON), "-m", "pip", "--version") is None:
            # What is there was interrupted, or made by a Python that no longer exists.
            command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
            run(command, "making the virtual environment")
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        run([*pip, "--require-hashes", "-r", "requirements-dev.lock"], "installing Python packages")
        run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], "installing this project")
        stamp.write_text(expected)


def install_npm() -> None:
    """The design system and the mail catcher."""
    install_node_packages(ROOT, "design system and mail catcher (npm)")


def install_example() -> None:
    """What the program in `examples/node` needs, and the parser that checks the reference."""
    install_node_packages(ROOT / "examples" / "node", "packages of examples/node (npm)")


def install_node_packages(folder: Path, what: str) -> None:
    """The packages of one folder, exactly as locked, without running their scripts."""
    stamp = folder / "node_modules" / "impex.stamp"
    expected = fingerprint(folder / "package.json", folder / "package-lock.json")
    if up_to_date(stamp, expected):
        return
    if not shutil.which("npm"):
        raise InstallFailed(f"npm is missing: Node.js {NODE} or newer is needed")
    version = node_version()
    if version < NODE:
        raise InstallFailed(f"Node.js {NODE} or newer is needed; `node` is version {version}")
    with step(what):
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run([*command, "--prefix", str(folder)], "npm ci")
        stamp.write_text(expected)


@contextmanager
def install_lock() -> "Iterator[None]":
    """One installation at a time in this checkout; a second one waits for the first."""
    with (paths().home / "install.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("waiting for the installation that runs in this folder already")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(*, test: bool) -> None:
    """Everything that is missing or out of date."""
    packages = missing_packages(test=test)
    if packages:
        note(f"Debian packages to install: {', '.join(packages)}")
        may_install(packages)
    if VENV_PACKAGE in packages:
        packages.remove(VENV_PACKAGE)
        with step("Debian package that makes virtual environments"):
            install_packages([VENV_PACKAGE])
    # In parallel, since all mostly wait for the network; all end before a failure is raised.
    with ThreadPoolExecutor(2) as pool:
        parts = [install_python, install_npm, *([install_example] if test else [])]
        running = [pool.submit(one) for one in parts]
        if packages:
            with step("Debian packages, no server started or created"):
                install_packages(packages)
    for one in running:
        one.result()


def main(arguments: "Sequence[str]") -> int:
    """Install what is missing; exit code 1 after the reason when that fails."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the one place that older Pythons reach
        say(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
        return 1
    try:
        paths().make()
        with install_lock():
            install(test="--test" in arguments)
    except (InstallFailed, OSError) as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted; the next run goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
