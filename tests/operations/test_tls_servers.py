"""CR-05: provisioning, commands and services reach PostgreSQL and RabbitMQ by TLS, or not at all.

Both servers have a certificate for localhost from an authority of their own.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from operations import service_registry
from operations.install.paths import chown_to, user_for
from operations.local.postgres import Postgres
from operations.local.processes import free_port, wait_until
from operations.local.rabbit import Rabbit
from operations.operate.endpoints import MANAGEMENT, OPERATOR_URL
from operations.provision.database_admin import execute
from operations.provision.install_commands import ADMIN_URLS, operator_settings
from operations.provision.provisioning import OWNER_URL
from tests.support.servers import fork_server
from tests.support.servers.certificates import Authority
from tests.support.servers.server_folder import server_folder
from tests.support.servers.server_process import new_rabbit
from tests.support.servers.shared_servers import reason_to_skip
from tests.support.servers.system import Spawned

pytestmark = pytest.mark.timeout(240)
PLACE = "server.example"


@dataclass
class Installation:
    """Secrets for both servers, as `impex secrets` makes them for servers elsewhere."""

    folder: Path
    ports: dict[str, int]

    def __post_init__(self) -> None:
        for path in (self.folder / "secrets").rglob("IMPEX_*_URL"):
            # The name that the certificates are for, which no test can give to another machine.
            path.write_text(path.read_text().replace(PLACE, "localhost"))

    def files(self, reader: str, *names: str) -> dict[str, str]:
        """The variables that name the secrets of a reader."""
        return {f"{name}_FILE": str(self.folder / "secrets" / reader / name) for name in names}

    def impex(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the operator."""
        files = self.files("operator", *operator_settings())
        return fork_server.run(words, {"PATH": os.environ["PATH"], **files})

    def with_authority(self, file: Path) -> None:
        """Let every address trust another authority."""
        for path in (self.folder / "secrets").rglob("IMPEX_*_URL"):
            before, sign, _ = path.read_text().rpartition("=")
            path.write_text(f"{before}{sign}{file}\n")


def encrypted_rabbit(folder: Path, pem: Path, ports: dict[str, int]) -> Rabbit:
    """A broker that speaks TLS on two more ports."""
    rabbit = new_rabbit(folder, "tls")
    files = f'{{cacertfile, "{pem}"}}, {{certfile, "{pem}"}}, {{keyfile, "{pem}"}}'
    more = folder / "tls.config"
    more.write_text(
        f'[{{rabbit, [{{ssl_listeners, [{{"127.0.0.1", {ports["amqps"]}}}]}}, '
        f"{{ssl_options, [{files}]}}]}},\n"
        f' {{rabbitmq_management, [{{ssl_config, [{{ip, "127.0.0.1"}}, '
        f"{{port, {ports['https']}}}, {files}]}}]}}].\n"
    )
    chown_to(more, rabbit.user)
    rabbit.environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += f" -config {more}"
    return rabbit


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def installation(authority: Authority) -> Iterator[Installation]:
    if reason := reason_to_skip():
        pytest.skip(reason)
    folder = server_folder("impex-tls-")
    authority.server_context()
    pems = {}
    for user in ("postgres", "rabbitmq"):
        pems[user] = folder / f"{user}.pem"
        shutil.copy(authority.ca_file.with_name("localhost.pem"), pems[user])
        pems[user].chmod(0o600)
        chown_to(pems[user], user_for(user))
    ports = {"amqps": free_port(), "https": free_port()}
    postgres = Postgres(folder / "postgresql", "p-database", durable=False)
    rabbit = encrypted_rabbit(folder, pems["rabbitmq"], ports)
    try:
        rabbit.start()
        postgres.start()
        postgres.wait()
        pem = pems["postgres"]
        execute(
            postgres.url(),
            f"ALTER SYSTEM SET ssl_cert_file = '{pem}'",
            f"ALTER SYSTEM SET ssl_key_file = '{pem}'",
            "ALTER SYSTEM SET ssl = on",
            "SELECT pg_reload_conf()",
        )
        store = folder / "secrets" / "all"
        store.mkdir(parents=True)
        (store / "postgresql-administrator").write_text(postgres.password)
        (store / "rabbitmq-administrator").write_text(rabbit.password)
        words = [
            "secrets",
            str(store.parent),
            f"--database={PLACE}:{postgres.port}/impex",
            f"--broker={PLACE}:{ports['amqps']}/impex",
            f"--management={PLACE}:{ports['https']}",
            f"--ca-file={authority.ca_file}",
        ]
        done = fork_server.run(words, {"PATH": os.environ["PATH"]})
        assert done.returncode == 0, done.stderr
        rabbit.wait()
        yield Installation(folder, ports)
    finally:
        rabbit.kill()
        rabbit.epmd.kill()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_cr_05_provisioning_and_a_service_work_by_tls_alone(installation: Installation) -> None:
    for verb in ("provision", "migrate"):
        done = installation.impex(verb)
        assert done.returncode == 0, done.stderr
    done = installation.impex("queues", "--all")
    assert "dossiers" in done.stdout, done.stderr
    backups = installation.folder / "backups"
    done = installation.impex("backup", str(backups), "--without-secrets")
    assert done.returncode == 0, done.stderr
    names = service_registry.setting_names(service_registry.service("dossiers"), secret=True)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        **installation.files("dossiers", *names),
        "IMPEX_BASE_URL": "https://portal.agency.example",
        "IMPEX_DOSSIERS_HEALTH_PORT": str(port),
    }
    log = installation.folder / "dossiers.log"
    with log.open("wb") as output:
        process = fork_server.start("operations", ["run", "dossiers"], environment, output, output)
    service = Spawned(process, f"http://127.0.0.1:{port}/health/ready", log)
    try:
        wait_until(service.ready, 60, "dossiers by TLS")
        assert service.stop() == 0
    finally:
        service.kill()


def test_cr_05_a_certificate_of_another_authority_is_refused(
    installation: Installation, tmp_path: Path
) -> None:
    """By both servers' clients: nothing falls back to plain text."""
    installation.with_authority(Authority(tmp_path).ca_file)
    commands: dict[tuple[str, ...], str] = {
        # Waiting would not change it: these end before their test does.
        ("migrate", "--wait", "600"): OWNER_URL,
        ("provision", "--wait", "600"): ADMIN_URLS[0],
        ("queues",): MANAGEMENT,
        ("dead", "list"): OPERATOR_URL,
    }
    for words, setting in commands.items():
        done = installation.impex(*words)
        assert done.returncode == 1
        assert done.stderr.startswith(f"impex: {setting}: ")
        assert "certificate verify failed" in done.stderr
        assert "does not answer" not in done.stderr
        assert done.stderr.count("\n") == 1
