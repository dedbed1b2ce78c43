"""S-08: started by root, each service is a user of its own, which reads its own secrets only."""

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from operations import service_registry
from operations.install.paths import ROOT
from operations.local.processes import Child
from operations.local.service_users import (
    SERVICE_IDS,
    ServiceUsers,
    choose_users,
    first_closed,
    give_files,
    needed_paths,
    prepare_users,
)
from operations.provision.provisioning import AdminUrls, write_public_rings, write_secrets
from operations.provision.secrets_dir import SecretsDir

FIRST = SERVICE_IDS[0]
as_root = pytest.mark.skipif(
    os.getuid() != 0, reason="only root can start a process as another user"
)
IDENTITY = "grep -E '^(Uid|Gid|Groups|CapEff|NoNewPrivs):' /proc/self/status"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's are not."""
    made = Path(tempfile.mkdtemp(prefix="impex-users-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize(
    ("root", "taken", "closed", "ids", "remark"),
    [
        (True, (), "", (FIRST, FIRST + 1), ""),
        (True, {FIRST}, "", (FIRST + 1, FIRST + 2), ""),
        (True, {FIRST + 1, 0, 1000}, "", (FIRST, FIRST + 2), ""),
        (False, (), "", (), ""),
        (False, (), "/root/", (), ""),
        (True, (), "/root/", (), "cannot enter /root (`chmod o+x /root` opens it)"),
        (True, (), "/srv/a.py", (), "cannot read /srv/a.py (`chmod o+rX /srv/a.py` opens it)"),
        (True, (), "/a b/", (), "cannot enter /a b (`chmod o+x '/a b'` opens it)"),
        (True, (), "no process can be started", (), "run as root: no process can be started"),
        (True, SERVICE_IDS, "", (), f"others have the ids from {FIRST} to {SERVICE_IDS[-1]}"),
        (True, SERVICE_IDS[1:], "", (), "others have the ids"),
    ],
)
def test_s_08_each_service_gets_an_id_or_the_reason_is_shown(
    root: bool, taken: Collection[int], closed: str, ids: tuple[int, ...], remark: str
) -> None:
    users = choose_users(["mailer", "mfa"], root=root, taken=taken, closed=closed)
    assert users.ids == dict(zip(("mailer", "mfa"), ids, strict=False))
    assert remark in users.remark
    assert bool(users.remark) is bool(remark)


@as_root
@pytest.mark.parametrize(
    ("closed", "mode", "expected"),
    [
        ("", 0, ""),
        ("checkout", 0o700, "checkout/"),
        ("checkout", 0o711, "checkout"),
        ("checkout/services", 0o700, "checkout/services/"),
        ("checkout/services/file.py", 0o640, "checkout/services/file.py"),
        ("python", 0o750, "python/"),
        ("python/bin", 0o700, "python/bin/"),
    ],
)
def test_s_08_the_folder_that_keeps_services_out_is_found(
    folder: Path, closed: str, mode: int, expected: str
) -> None:
    """Also behind a link, as an interpreter in a virtual environment is."""
    (folder / "checkout" / "services").mkdir(parents=True)
    (folder / "python" / "bin").mkdir(parents=True)
    file, interpreter = folder / "checkout/services/file.py", folder / "python/bin/python3"
    for one in (file, interpreter):
        one.touch()
    link = folder / "checkout" / "python"
    link.symlink_to(interpreter)
    for one in (folder, *folder.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)
    if closed:
        (folder / closed).chmod(mode)
    found = first_closed([link, link.parent, file.parent, file])
    assert found == (f"{folder}/{expected}" if expected else "")


def run(child: Child) -> list[str]:
    """What a process that ends by itself says."""
    child.start()
    assert child.process is not None
    child.process.wait(60)
    return child.log.read_text().splitlines()


@as_root
@pytest.mark.parametrize(
    ("capability", "mask"), [("", "0000000000000000"), ("net_bind_service", "0000000000000400")]
)
def test_s_08_a_process_has_an_id_of_its_own_and_no_other_right(
    folder: Path, capability: str, mask: str
) -> None:
    """No group but its own; only the right to a port below 1024, where the portal is on one."""
    environment = {"PATH": os.environ["PATH"]}
    command = ["sh", "-c", IDENTITY]
    log = folder / "child.log"
    child = Child("child", command, log, environment, folder, FIRST, capability=capability)
    found = dict(line.split(":", 1) for line in run(child))
    assert {name: text.split() for name, text in found.items()} == {
        "Uid": [str(FIRST)] * 4,
        "Gid": [str(FIRST)] * 4,
        "Groups": [],
        "CapEff": [mask],
        "NoNewPrivs": ["1"],
    }
    assert log.stat().st_uid == 0


@as_root
def test_s_08_a_service_reads_its_own_secrets_and_nobody_elses(folder: Path) -> None:
    ours = folder / "secrets"
    ours.mkdir(mode=0o700)
    environments = {}
    for user, name in enumerate(("mailer", "mfa"), FIRST):
        secret = ours / f"IMPEX_{name.upper()}_KEYS"
        secret.write_text(f"secret of {name}")
        given = {
            "PATH": os.environ["PATH"],
            f"IMPEX_{name.upper()}_KEYS_FILE": str(secret),
            "IMPEX_MISSING_FILE": str(ours / "missing"),
        }
        environments[name] = give_files(folder / name, user, given)
    for path in (one for name in environments for one in (folder / name).rglob("*")):
        status = path.stat()
        assert status.st_mode & 0o777 == 0o600
        assert status.st_uid == status.st_gid == path.parent.stat().st_uid != 0
    assert environments["mfa"]["IMPEX_MFA_KEYS_FILE"] == str(folder / "mfa" / "IMPEX_MFA_KEYS")
    assert environments["mfa"]["IMPEX_MISSING_FILE"] == str(ours / "missing")

    command = ["sh", "-c", f'cat "$IMPEX_MAILER_KEYS_FILE" {folder}/mfa/* {ours}/*; ls ~']
    child = Child("mailer", command, folder / "log", environments["mailer"], folder, FIRST)
    output = "\n".join(run(child))
    assert "secret of mailer" in output
    assert "secret of mfa" not in output
    assert output.count("Permission denied") == 2


def readable_python() -> tuple[str, dict[str, str]]:
    """An interpreter with our packages that other users can read, and its environment."""
    if not first_closed([Path(sys.executable)]):
        return sys.executable, {}
    system = f"/usr/bin/python{sysconfig.get_python_version()}"
    packages = sysconfig.get_path("purelib")
    if not Path(system).exists() or first_closed([Path(system), Path(packages), ROOT]):
        pytest.skip(f"other users can read neither {sys.executable} nor {system} and {packages}")
    return system, {"PYTHONPATH": packages}


@as_root
def test_s_08_a_service_starts_as_its_own_user(folder: Path) -> None:
    """It reads its settings, secrets, contracts and templates, and writes nothing."""
    python, environment = readable_python()
    store = SecretsDir(folder / "secrets")
    local = AdminUrls("postgresql://127.0.0.1/impex", "amqp://127.0.0.1/impex", "http://127.0.0.1")
    write_secrets(store, local, {"IMPEX_SMTP_URL": "smtp://127.0.0.1:25"})
    write_public_rings(store)
    values = {"IMPEX_BASE_URL": "http://127.0.0.1:8080"}
    given = service_registry.environment(["mailer"], values, store.files(), {})
    own = give_files(folder / "mailer", FIRST, given) | environment
    command = [python, "-m", "services.mailer", "--check"]
    child = Child("mailer", command, folder / "log", own, ROOT, FIRST)
    output = run(child)
    assert child.process is not None
    assert child.process.returncode == 0, output


@as_root
def test_s_08_copies_of_an_earlier_start_are_gone(folder: Path) -> None:
    left = folder / "services" / "mailer" / "IMPEX_SMTP_URL"
    left.parent.mkdir(parents=True)
    left.touch()
    users = prepare_users(["mailer"], folder / "services")
    assert not left.parent.exists()
    assert bool(users.ids) is not bool(users.remark)


def test_s_08_what_services_read_is_looked_at() -> None:
    paths = set(needed_paths(service_registry.service_names()))
    assert Path(sys.executable) in paths
    for one in ("services/mailer/templates", "shared/i18n/translations/en.po"):
        assert ROOT / one in paths


def test_s_08_without_root_services_run_under_the_same_id(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert prepare_users(["mailer"], folder / "services") == ServiceUsers()
    assert not (folder / "services").exists()
