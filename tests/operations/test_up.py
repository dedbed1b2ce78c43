"""`make up`: taken ports, one instance at a time, crashes, restarts, data.

One installation serves all tests, in this file's order, because RabbitMQ takes ten seconds to
start. It is started again where a test left it stopped.
"""

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operations import service_registry
from operations.install.paths import ROOT
from operations.local.processes import started_at
from operations.local.stack import responds
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import execute
from tests.support import eventually_sync
from tests.support.monitoring import expressions, metrics_of
from tests.support.servers import fork_server
from tests.support.servers.shared_servers import reason_to_skip

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
IMPEX = [sys.executable, "-m", "operations"]
START_SECONDS = 240


class Installation:
    """`impex up` in a folder of its own, with its default ports taken by another process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        portal, desk, catcher = (str(one.getsockname()[1]) for one in self.taken)
        self.environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith("IMPEX_")},
            "IMPEX_HOME": str(home),
            "IMPEX_GATEWAY_PORT": portal,
            "IMPEX_DESK_PORT": desk,
            "IMPEX_CATCHER_PORT": catcher,
            "PYTHONUNBUFFERED": "1",
        }
        self.output = home.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start and wait until it reports that it is ready."""
        self.output.write_text("")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*IMPEX, "up", *options],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        eventually_sync(self._ready, START_SECONDS, every=0.1, why="make up is ready")

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"ended with {self.process.returncode}:\n{self.text}")
        return "IMPEXWEB is ready" in self.text

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return self.output.read_text()

    def run(self, *verb: str) -> subprocess.CompletedProcess[str]:
        """Another command in the same folder."""
        return fork_server.run(verb, self.environment)

    def status(self) -> dict[str, Any]:
        """`impex status --json`."""
        return dict(json.loads(self.run("status", "--json").stdout))

    def processes(self) -> dict[str, int]:
        """Every part with its pid."""
        return {part["name"]: part["pid"] for part in self.status()["parts"]}

    def secret(self, name: str) -> str:
        """A secret of the installation."""
        return (self.home / "secrets" / name).read_text().strip()

    def end(self, number: signal.Signals) -> int:
        """Send a signal to the launcher and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(120)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGTERM)
        for one in self.taken:
            one.close()


@pytest.fixture(scope="module")
def whole() -> Iterator[Installation]:
    """The installation, running or not."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="impex-up-"))
    folder.chmod(0o755)
    made = Installation(folder / "home")
    made.start()
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def installation(whole: Installation) -> Installation:
    """The installation, running."""
    assert whole.process is not None
    if whole.process.poll() is not None:
        whole.start()
    return whole


def fetch(url: str) -> str:
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def families(pids: dict[str, int]) -> dict[str, int]:
    """Start times by name."""
    return {name: started_at(pid) or 0 for name, pid in pids.items()}


def test_a_taken_port_is_replaced_and_reported(installation: Installation) -> None:
    for one, what in zip(installation.taken, ("portal", "desk", "mail catcher"), strict=True):
        port = one.getsockname()[1]
        assert f"port {port} is taken: the {what} is on" in installation.text


def test_status_gives_programs_every_address(installation: Installation) -> None:
    status = installation.status()
    assert status["ready"]
    addresses = status["addresses"]
    assert "<html" in fetch(addresses["portal"])
    assert "Connexion des agents" in fetch(addresses["desk"])
    assert "MailDev" in fetch(addresses["mail_catcher"])
    metrics = [fetch(addresses[f"{name}_metrics"]) for name in service_registry.service_names()]
    assert all("impex_ready{" in page for page in metrics)
    # Whatever an alert or a dashboard asks for, some service shows.
    shown = set(re.findall(r"^# TYPE (\S+)", "\n".join(metrics), re.MULTILINE))
    for query in (*expressions("alerts.yml"), *expressions("dashboards")):
        for metric in metrics_of(query) - {"up"}:
            assert {metric, re.sub("_(bucket|sum|count)$", "", metric)} & shown, metric
    assert "rabbitmq_" in fetch(addresses["broker_metrics"])
    assert {part["name"] for part in status["parts"] if part["ready"]} == {
        *("postgresql", "rabbitmq", "epmd", "maildev"),
        *service_registry.service_names(),
    }
    consumers = {queue["queue"]: queue["consumers"] for queue in status["queues"]}
    assert {"mailer", "registration.requests", "impex.unrouted.events"} <= consumers.keys()
    unread = {name for name, count in consumers.items() if not count}
    assert {name for name in unread if not name.startswith(("impex.", "backoffice."))} == set()
    assert installation.run("status").returncode == 0


def test_the_table_shows_addresses_once_and_what_to_do_next(installation: Installation) -> None:
    table = installation.text[installation.text.index("IMPEXWEB is ready") :]
    addresses = installation.status()["addresses"]
    for name in ("portal", "desk", "mail catcher", "RabbitMQ management", "database"):
        assert len(re.findall(rf"^  {name}  ", table, re.MULTILINE)) == 1
    assert f"Next: open {addresses['portal']}" in table
    assert "agent add ADDRESS --role supervisor` invites the first agent" in table
    # S-08: its output is a file here, so it names the file of the password.
    for name in ("rabbitmq-administrator", "postgresql-administrator"):
        assert installation.secret(name) not in installation.text
        assert str(installation.home / "secrets" / name) in table
    steps = 5 + len(service_registry.service_names())
    assert installation.text.count("  ok  ") == steps, "one line per step"


def test_nothing_listens_beyond_the_machine(installation: Installation) -> None:
    pids = set(installation.processes().values())
    sockets = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = [line for line in sockets.splitlines() if any(f"pid={pid}," in line for pid in pids)]
    admin_urls = {line.split()[3].rpartition(":")[0] for line in ours}
    assert ours
    assert admin_urls <= {"127.0.0.1", "[::1]"}


def test_secrets_are_for_their_owner_only(installation: Installation) -> None:
    folder = installation.home / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
        assert installation.text.count(path.read_text().strip()) == 0 or path.name.endswith(
            "-administrator"
        )


def test_cr_07_no_secret_is_in_a_command_line_or_log(installation: Installation) -> None:
    folder = installation.home / "secrets"
    secrets = {path.name: path.read_text().strip() for path in folder.iterdir()}
    seen = [path.read_text(errors="replace") for path in (installation.home / "log").iterdir()]
    for pid in installation.processes().values():
        seen.append(Path(f"/proc/{pid}/cmdline").read_text(errors="replace"))
    for name, secret in secrets.items():
        if name != "IMPEX_SMTP_URL":  # no password in the mail catcher's address
            assert not any(secret in text for text in seen), name


def test_a_service_gets_no_secret_of_another(installation: Installation) -> None:
    for name, pid in installation.processes().items():
        if name in ("registration", "mailer", "gateway"):
            given = Path(f"/proc/{pid}/environ").read_text()
            others = {"REGISTRATION", "MAILER", "GATEWAY"} - {name.upper()}
            for other in others:
                assert f"IMPEX_{other}_DATABASE_URL" not in given
            assert "IMPEX_OWNER" not in given
            assert "administrator" not in given


def test_s_08_services_of_root_have_users_of_their_own_or_the_reason_is_printed(
    installation: Installation,
) -> None:
    """The reason is there where others cannot read the checkout or the interpreter."""
    if os.getuid() != 0:
        pytest.skip("only root starts processes of other users")
    pids = installation.processes()
    users = [Path(f"/proc/{pids[name]}").stat().st_uid for name in service_registry.service_names()]
    if "the services run as root: " in installation.text:
        assert set(users) == {0}
    else:
        assert len(set(users)) == len(users)
        assert min(users) > 60_000


def test_a_second_start_in_the_same_folder_is_refused(installation: Installation) -> None:
    again = installation.run("up")
    assert again.returncode == 1
    assert again.stdout.startswith("IMPEXWEB already runs from this folder")


def test_reset_refuses_while_it_runs(installation: Installation) -> None:
    done = installation.run("reset", "--yes")
    assert done.returncode == 1
    assert "stop it first" in done.stdout
    assert (installation.home / "data").exists()


def test_a_backup_finds_database_and_secrets_by_itself(
    installation: Installation, tmp_path: Path
) -> None:
    done = installation.run("backup", str(tmp_path / "backups"))
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "backups").iterdir()
    kept = {path.name for path in (made / "secrets").iterdir()}
    assert {"IMPEX_TOTP_KEYS", "password-impex_owner", "postgresql-administrator"} <= kept


def test_psql_works_as_the_service_and_hides_the_password(installation: Installation) -> None:
    query = "SELECT current_user, current_schema, count(*) >= 0 FROM outbox"
    for before in ((), ("--",)):
        found = installation.run("psql", "mailer", *before, "-XAtc", query)
        assert (found.returncode, found.stdout) == (0, "impex_mailer|mailer|t\n"), found.stderr
    show = r"\! tr '\000' ' ' < /proc/$PPID/cmdline"
    command_line = installation.run("psql", "mailer", "--", "-Xc", show).stdout
    assert "--dbname=postgresql://impex_mailer@127.0.0.1" in command_line
    assert installation.secret("password-impex_mailer") not in command_line


def test_logs_are_printed_by_time_for_one_service_or_all(installation: Installation) -> None:
    lines = installation.run("logs").stdout.splitlines()
    times = [line.split()[0] for line in lines if " service_ready " in line]
    assert len(times) == len(service_registry.service_names())
    assert times == sorted(times)
    mailer = installation.run("logs", "--service", "mailer").stdout.splitlines()
    assert mailer
    assert all(" mailer " in line for line in mailer)
    assert installation.run("logs", "--trace", "f" * 32).stdout == ""


def test_o_12_a_crashed_service_is_restarted_and_reported(installation: Installation) -> None:
    before = installation.processes()["mailer"]
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        part = {one["name"]: one for one in installation.status()["parts"]}["mailer"]
        return bool(part["ready"]) and part["pid"] != before

    eventually_sync(back, 60, every=0.2)
    assert "mailer ended with code -9; starting it again in 1 s" in installation.text
    part = {one["name"]: one for one in installation.status()["parts"]}["mailer"]
    assert (part["restarts"], part["last_end"]["code"]) == (1, -9), "O-12"
    lines = installation.run("logs", "--service", "launcher").stdout
    assert "part_ended" in lines
    assert "part_restarted" in lines


def test_a_launcher_that_is_killed_leaves_nothing_and_data_survives(
    installation: Installation,
) -> None:
    addresses = installation.status()["addresses"]
    database = addresses["database"].replace(
        "://", f"://impex_admin:{installation.secret('postgresql-administrator')}@"
    )
    execute(database, "CREATE TABLE public.stored (a int)", "INSERT INTO public.stored VALUES (42)")
    admin = BrokerAdmin(
        addresses["broker_management"].replace(
            "://", f"://impex_admin:{installation.secret('rabbitmq-administrator')}@"
        )
    )
    event = {
        "properties": {"delivery_mode": 2},
        "routing_key": "nobody.Heard.v1",
        "payload": "{}",
        "payload_encoding": "string",
    }
    admin.call("POST", "exchanges/impex/impex.events/publish", event)
    admin.close()
    smtp = addresses["smtp"].rpartition(":")[2]
    with smtplib.SMTP("127.0.0.1", int(smtp)) as client:
        client.sendmail("a@x.fr", ["b@x.fr"], "Subject: kept\r\n\r\ntext\r\n")
    eventually_sync(lambda: _unrouted(installation) == 1, 60, every=0.2, why="the event is there")
    catcher = addresses["mail_catcher"] + "/api/email"
    eventually_sync(lambda: "kept" in fetch(catcher), 60, every=0.2, why="the mail is there")
    pids = installation.processes()
    born = families(pids)

    broker = addresses["broker"]
    installation.end(signal.SIGKILL)
    installation.start("--watch", "--without", "dossiers")
    assert installation.status()["addresses"]["broker"] == broker, "O-18"

    left = [name for name, pid in pids.items() if started_at(pid) == born[name]]
    assert left == []
    addresses = installation.status()["addresses"]
    database = addresses["database"].replace(
        "://", f"://impex_admin:{installation.secret('postgresql-administrator')}@"
    )
    execute(database, "DO $$ BEGIN ASSERT (SELECT a FROM public.stored) = 42; END $$")
    eventually_sync(lambda: _unrouted(installation) == 1, 60, every=0.2, why="the event is stored")
    mails = json.loads(fetch(addresses["mail_catcher"] + "/api/email"))
    assert "kept" in json.dumps(mails)


def _unrouted(installation: Installation) -> int:
    """How many events are unrouted, in the broker's current statistics."""
    queues = installation.status()["queues"]
    return int({queue["queue"]: queue["ready"] for queue in queues}["impex.unrouted.events"])


def test_a_service_that_was_left_out_starts_by_the_printed_command(
    installation: Installation,
) -> None:
    assert "dossiers" not in installation.processes()
    file = installation.home / "dossiers.env"
    assert file.stat().st_mode & 0o777 == 0o600
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
    health = f"http://127.0.0.1:{variables['IMPEX_DOSSIERS_HEALTH_PORT']}/health/ready"
    after = installation.text.partition("dossiers was not started.")[2]
    command = after.splitlines()[1].strip()
    assert str(file) in command
    started = subprocess.Popen(
        ["sh", "-c", command[1:-1]],  # without the subshell, so that the signal reaches it
        env={"PATH": os.environ["PATH"]},
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually_sync(lambda: responds(health), 60, every=0.2)
    finally:
        started.terminate()
        assert started.wait(30) == 0


def test_watch_restarts_the_service_whose_file_changed(installation: Installation) -> None:
    before = installation.processes()
    path = ROOT / "services" / "mfa" / "README.md"
    os.utime(path)

    def back() -> bool:
        part = {one["name"]: one for one in installation.status()["parts"]}["mfa"]
        return bool(part["ready"]) and part["pid"] != before["mfa"]

    eventually_sync(back, 60, every=0.2)
    assert installation.text.count("services/mfa/README.md changed; restarting mfa\n") == 1
    assert "mfa ended" not in installation.text
    changed = {name for name, pid in installation.processes().items() if pid != before[name]}
    assert changed == {"mfa"}
    actions = [
        json.loads(line)["action"]
        for line in (installation.home / "log" / "mfa.log").read_text().splitlines()
        if '"action":"service_' in line
    ]
    assert actions[-2:] == ["service_stopped", "service_ready"]


def test_sigterm_stops_everything_in_order(installation: Installation) -> None:
    pids = installation.processes()
    born = families(pids)
    assert installation.end(signal.SIGTERM) == 0
    assert [name for name, pid in pids.items() if started_at(pid) == born[name]] == []
    assert installation.text.rstrip().endswith("stopped")
    assert not (installation.home / "dossiers.env").exists()
    for name in service_registry.service_names():
        log = (installation.home / "log" / f"{name}.log").read_text().splitlines()
        assert json.loads(log[-1])["action"] == "service_stopped"
    found = installation.run("status", "--json")
    assert (found.returncode, json.loads(found.stdout)) == (1, {"running": False})


def test_reset_deletes_after_a_confirmation(whole: Installation) -> None:
    whole.close()
    assert whole.run("reset").returncode == 1
    assert (whole.home / "data").exists(), "without a confirmation"
    assert whole.run("reset", "--yes").returncode == 0
    assert not (whole.home / "data").exists()
    assert not (whole.home / "secrets").exists()
