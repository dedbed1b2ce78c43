"""Installing on a server: scripts and files of deploy/, in a folder that stands for its root."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from operations import service_registry
from operations.install.paths import ROOT
from shared.settings import load, unknown_names
from tests.support.operator_terms import TERMS, terms_dir
from tests.support.servers import fork_server
from tests.support.servers.certificates import Authority

DEPLOY = ROOT / "deploy"
SERVICES = service_registry.service_names()
UNITS = ("impex@mailer.service", "impex.target", "impex-backup.service", "impex-backup.timer")


#: A program that writes down its arguments, and what it is given on standard input.
STAND_IN = """#!/bin/sh
echo "${0##*/} $*" >> $LOG
case "$*" in
    *list_users*) printf 'guest\\t[administrator]\\n' ;;
    *add_user*|*psql*) cat >> $LOG.stdin ;;
esac
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A server's root after install_files.sh."""
    install_files(tmp_path)
    return tmp_path


def install_files(root: Path) -> None:
    script = str(DEPLOY / "install_files.sh")
    environment = {"PATH": os.environ["PATH"], "DESTDIR": str(root)}
    subprocess.run([script], env=environment, check=True)


def env_file(path: Path) -> dict[str, str]:
    """The settings of impex.env as systemd reads them."""
    lines = path.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))


def test_files_of_a_server_are_in_place_and_what_was_filled_in_stays(server: Path) -> None:
    modes = {
        "etc/impex/secrets": 0o711, "etc/impex/tls": 0o700, "var/backups/impex": 0o700,
        "usr/local/sbin/impex": 0o755, "etc/impex/impex.env": 0o644,
    }  # fmt: skip
    assert {name: (server / name).stat().st_mode & 0o777 for name in modes} == modes
    kept = [server / "etc/impex/impex.env", server / "etc/nginx/sites-available/impex.conf"]
    unit = server / "etc/systemd/system/impex.target"
    for path in (*kept, unit):
        path.write_text("by hand")
    partner = server / "etc/impex/partners/backoffice.toml"
    assert partner.exists()
    partner.unlink()  # as `impex partner remove` does
    install_files(server)
    assert not partner.exists()
    assert [path.read_text() for path in kept] == ["by hand"] * 2
    assert unit.read_text() != "by hand"


def test_the_example_of_settings_starts_every_service(server: Path, tmp_path: Path) -> None:
    """With the secrets and texts of docs/install.md, and nothing else."""
    folder = server / "etc/impex"
    done = fork_server.run(
        ["secrets", str(folder / "secrets"), "--smtp=smtps://user:password@mail.agency.example"],
        {"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    terms_dir(folder / "terms")
    for name in ("privacy", "legal"):
        for language in ("fr", "en"):
            (folder / "legal" / f"{name}.{language}.md").write_text(TERMS, "utf-8")
    given = env_file(folder / "impex.env")
    classes = [service_registry.service(name).settings for name in SERVICES]
    assert {f"IMPEX_{name.upper()}_HEALTH_PORT" for name in SERVICES} <= set(given)
    moved = {
        name: text.replace("/etc/impex", str(folder)) if "/etc/impex" in text else text
        for name, text in given.items()
    }
    for name, settings in zip(SERVICES, classes, strict=True):
        load(settings, {**moved, "IMPEX_SECRETS_DIR": str(folder / "secrets" / name)})
    for settings in classes:
        assert unknown_names([settings], given) == [], "one file for all: none complains"


def test_every_service_has_a_unit_and_a_user() -> None:
    target = (DEPLOY / "systemd/impex.target").read_text()
    assert sorted(re.findall(r"impex@(\w+)\.service", target.partition("[Unit]")[2])) == sorted(
        SERVICES
    )
    users = re.findall(r"^u impex-(\w+) ", (DEPLOY / "systemd/impex.sysusers").read_text(), re.M)
    assert sorted(users) == sorted(SERVICES)
    loop = re.search(r"for name in ([\w ]+); do", (ROOT / "docs/install.md").read_text())
    assert loop is not None
    assert sorted(loop[1].split()) == sorted(SERVICES)


def test_a_unit_restarts_drains_and_reads_its_own_secrets_only() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "systemd/impex@.service")
    service = unit["Service"]
    assert service["User"] == "impex-%i"
    assert service["RestartPreventExitStatus"] == "2", "wrong settings are not tried again"
    assert int(service["TimeoutStopSec"]) >= 25 + 2 * 3, "the drain, and what closing takes"
    assert "adjtimex" in service["SystemCallFilter"], "mfa asks whether the clock is synchronised"
    assert "ProtectClock" not in service
    assert (
        "IMPEX_SECRETS_DIR=/etc/impex/secrets/%i" in (DEPLOY / "systemd/impex@.service").read_text()
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_accepts_the_units(server: Path) -> None:
    python = server / "opt/impex/current/.venv/bin/python"
    python.parent.mkdir(parents=True)
    shutil.copy("/usr/bin/true", python)
    shutil.copytree("/usr/lib/systemd/system", server / "usr/lib/systemd/system", symlinks=True)
    (server / "lib").symlink_to("usr/lib")
    command = ["systemd-analyze", f"--root={server}", "verify", *UNITS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with certificates of both sites."""
    folder = tmp_path / "tls"
    folder.mkdir()
    Authority(folder).server_context()
    for name in ("portal", "desk"):
        for kind in ("pem", "key"):
            shutil.copy(folder / "localhost.pem", folder / f"{name}.{kind}")
    return folder


@pytest.mark.parametrize(
    "name", ["impex.conf", "containers.conf.template", "production.conf.template"]
)
def test_nginx_accepts_each_site(name: str, tmp_path: Path, certificates: Path) -> None:
    """On ports that anybody may open, and with what nginx's image puts in place of variables."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    site = (DEPLOY / "nginx" / name).read_text()
    values = {
        "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
        "IMPEX_PORTAL_NAME": "portal.agency.example",
        "IMPEX_DESK_NAME": "desk.agency.example",
    }
    for variable, value in values.items():
        site = site.replace(f"${{{variable}}}", value)
    site = site.replace("/etc/impex/tls", str(certificates)).replace(
        "/var/log/nginx", str(tmp_path)
    )
    site = re.sub(r"listen \[::\]:\d+[^;]*;", "", site)
    site = re.sub(r"listen (80|443)\b", lambda port: f"listen 1{port[1]:0>4}", site)
    whole = tmp_path / "nginx.conf"
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{folders}{site}}}\n")
    command = [nginx, "-t", "-q", "-e", str(tmp_path / "error.log"), "-c", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "name", ["impex.conf", "containers.conf.template", "production.conf.template"]
)
def test_cr_07_no_log_of_nginx_has_the_token_of_a_link(name: str) -> None:
    """`$uri` is without the query; errors below `crit` show the whole request."""
    site = (DEPLOY / "nginx" / name).read_text()
    (form,) = re.findall(r"log_format impex '(.*)';", site)
    assert not set(re.findall(r"\$\w+", form)) - {
        "$remote_addr", "$time_iso8601", "$request_method", "$uri", "$status", "$request_time"
    }  # fmt: skip
    assert re.findall(r"access_log \S+ (\w+);", site) == ["impex"]
    assert re.findall(r"error_log \S+ (\w+);", site) == ["crit"]


def test_the_operators_command_reads_settings_and_secrets(server: Path) -> None:
    wrapper = server / "usr/local/sbin/impex"
    release = server / "release"
    python = release / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    shown = "$IMPEX_SECRETS_DIR|$IMPEX_PARTNERS_DIR|$IMPEX_DPO_POSTAL|$PYTHONPATH|$*"
    python.write_text(f'#!/bin/sh\necho "{shown}"\n')
    python.chmod(0o755)
    text = wrapper.read_text().replace("/opt/impex/current", str(release))
    wrapper.write_text(text.replace("/etc/impex/impex.env", f"{server}/etc/impex/impex.env"))
    done = subprocess.run(
        [str(wrapper), "dead", "list"], capture_output=True, text=True, check=True, env={}
    )
    postal = env_file(server / "etc/impex/impex.env")["IMPEX_DPO_POSTAL"]
    folders = "/etc/impex/secrets/operator|/etc/impex/partners"
    expected = f"{folders}|{postal}|{release}|-m operations dead list\n"
    assert done.stdout == expected


def test_administrators_get_their_passwords_and_no_command_line_has_them(tmp_path: Path) -> None:
    """The servers' own programs are stand-ins that write down what they are given."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    for name in ("systemctl", "runuser", "rabbitmq-plugins", "rabbitmqctl"):
        program = programs / name
        program.write_text(STAND_IN)
        program.chmod(0o755)
    secrets = tmp_path / "secrets" / "all"
    secrets.mkdir(parents=True)
    (secrets / "postgresql-administrator").write_text("database-password\n")
    (secrets / "rabbitmq-administrator").write_text("broker-password\n")
    for folder in ("etc/postgresql/15/main/conf.d", "etc/rabbitmq"):
        (tmp_path / folder).mkdir(parents=True)
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin", "LOG": str(log), "DESTDIR": str(tmp_path),
    }  # fmt: skip
    script = str(DEPLOY / "make_administrators.sh")
    for _ in range(2):
        subprocess.run([script, str(secrets.parent)], env=environment, check=True)
    lines = log.read_text()
    assert "password" not in lines.replace("change_password", "")
    for command in ("add_user impex_admin", "set_user_tags impex_admin administrator",
                    "delete_user guest", "runuser -u postgres -- psql"):  # fmt: skip
        assert command in lines
    given = (tmp_path / "log.stdin").read_text()
    assert "ALTER ROLE impex_admin LOGIN SUPERUSER PASSWORD 'database-password';" in given
    assert "broker-password" in given
    conf = (tmp_path / "etc/rabbitmq/rabbitmq.conf").read_text()
    assert conf.count("listeners.tcp.1 = 127.0.0.1:5672") == 1
    terse = (tmp_path / "etc/postgresql/15/main/conf.d/impex.conf").read_text()
    assert "log_error_verbosity = terse" in terse
    assert "max_connections = 450" in terse
    assert "systemctl restart postgresql" in lines, "which a new limit needs"


def test_every_script_and_file_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs/install.md").read_text()
    named = set(re.findall(r"deploy/[\w/.@-]*\w", page))
    assert named
    assert all((ROOT / name).exists() for name in named), named
    scripts = sorted(path.name for path in DEPLOY.glob("*.sh"))
    assert all(f"deploy/{name}" in page for name in scripts), scripts
    for name in scripts:
        assert os.access(DEPLOY / name, os.X_OK)
