"""The parts of a running installation: private servers, mail catcher, services.

A `Stack` starts them in the order of their needs, knows when each is ready, and stops them in the
opposite order. It prints nothing; `operations.local.up` does.
"""

import os
import shlex
import sys
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from operations import service_registry
from operations.install.paths import ROOT, Paths, write_for
from operations.local.postgres import Postgres
from operations.local.processes import Child, Misconfigured, free_port, port_is_free
from operations.local.rabbit import Rabbit
from operations.local.service_users import give_files, prepare_users
from operations.local.settings import StackSettings
from operations.local.state import ProcessIdentity, State
from operations.provision.provisioning import (
    DATABASE,
    OWNER_URL,
    VHOST,
    AdminUrls,
    migrate_all,
    provision_broker,
    provision_database,
    write_public_rings,
    write_secrets,
)
from operations.provision.receivers import record_receivers
from operations.provision.secrets_dir import SecretsDir
from services.operations.settings import MANAGEMENT_URL
from shared.runtime.service import EXIT_MISCONFIGURED

CATCHER = ROOT / "node_modules" / "maildev" / "dist" / "bin" / "maildev.js"
SAME_ORIGIN = ROOT / "operations" / "local" / "same_origin.cjs"
#: The ports below are root's, by the kernel's default.
FIRST_OPEN_PORT = 1024
#: Children in the order in which they are stopped; the other services come after the first group.
STOP_ORDER = (service_registry.FRONT_ENDS, ("maildev", "postgresql", "rabbitmq"), ("epmd",))


def service_command(name: str) -> list[str]:
    """The command line of one service."""
    return [sys.executable, "-m", service_registry.package(name)]


def responds(url: str) -> bool:
    """Whether a GET of `url` is answered with 200."""
    # The mail catcher shows its page only where HTML is accepted.
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


class Stack:
    """Everything that one `make up` runs."""

    def __init__(self, paths: Paths, settings: StackSettings, without: Sequence[str] = ()) -> None:
        self.paths = paths
        self.settings = settings
        #: Services that a person starts in a debugger.
        self.without = [name for name in service_registry.service_names() if name in without]
        self.ports: set[int] = set()
        self.remarks: list[str] = []
        self.secrets_dir = SecretsDir(paths.secrets)
        self.children: dict[str, Child] = {}
        self.postgres: Postgres | None = None
        self.rabbit: Rabbit | None = None
        self.smtp_url = settings.smtp_url or ""
        self.catcher_url = ""
        self.passwords: dict[str, str] = {}
        self.portal_port = self._choose_port(settings.port, "portal")
        self.desk_port = self._choose_port(settings.desk_port, "desk")
        launcher = ProcessIdentity.of(os.getpid())
        assert launcher is not None
        self.state = State(launcher, datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def base_url(self) -> str:
        """The portal's address as people type it."""
        if self.settings.base_url != StackSettings.base_url:
            return self.settings.base_url
        return f"http://127.0.0.1:{self.portal_port}"

    @property
    def desk_url(self) -> str:
        """The desk's address as agents type it."""
        if self.settings.desk_base_url != StackSettings.desk_base_url:
            return self.settings.desk_base_url
        return f"http://127.0.0.1:{self.desk_port}"

    def _choose_port(self, wanted: int | None = None, what: str = "") -> int:
        """`wanted` if it is free; else another one, with a remark about `what`."""
        port = wanted
        while port is None or port in self.ports or not port_is_free(port):
            port = free_port()
        self.ports.add(port)
        if wanted not in (None, port):
            self.remarks.append(f"port {wanted} is taken: the {what} is on {port} this time")
        return port

    def admin_urls(self) -> AdminUrls:
        """The administrators' addresses of database and broker."""
        settings, postgres, rabbit = self.settings, self.postgres, self.rabbit
        return AdminUrls(
            settings.database_url or (postgres.url(DATABASE) if postgres else ""),
            settings.amqp_url or (rabbit.url(VHOST) if rabbit else ""),
            settings.management() or (rabbit.management_url if rabbit else ""),
        )

    # ----------------------------------------------------------------- servers

    def start_servers(self) -> dict[str, Callable[[], bool]]:
        """Start the private servers, all at once; returns by name the check whether it is ready."""
        waiting: dict[str, Callable[[], bool]] = {}
        data = self.paths.data()
        data.mkdir(parents=True, exist_ok=True)
        if self.settings.amqp_url is None:
            password = self.secrets_dir.get("rabbitmq-administrator")
            wanted = self.settings.broker_port
            self.rabbit = Rabbit(data / "rabbitmq", password, port=wanted)
            port = self.rabbit.ports["amqp"]
            if wanted not in (0, port):
                self.remarks.append(f"port {wanted} is taken: RabbitMQ is on {port} this time")
            self.rabbit.epmd.log = self.paths.logs / "epmd.log"
            self.rabbit.child.log = self.paths.logs / "rabbitmq.log"
            self.rabbit.start()
            self._register(self.rabbit.epmd, self.rabbit.child)
            waiting["RabbitMQ"] = self.rabbit.ready
        if self.settings.smtp_url is None:
            waiting["mail catcher"] = self._start_catcher(data / "mails")
        if self.settings.database_url is None:
            password = self.secrets_dir.get("postgresql-administrator")
            self.postgres = Postgres(data / "postgresql", password)
            self.postgres.child.log = self.paths.logs / "postgresql.log"
            self.postgres.start()
            self._register(self.postgres.child)
            waiting["PostgreSQL"] = self.postgres.ready
        return waiting

    def _start_catcher(self, mails: Path) -> Callable[[], bool]:
        web = self._choose_port(self.settings.catcher_port, "mail catcher")
        smtp = self._choose_port()
        mails.mkdir(mode=0o700, exist_ok=True)  # codes and links are in them
        mails.chmod(0o700)
        command = ["node", "--require", str(SAME_ORIGIN), str(CATCHER)]
        command += ["--ip", "127.0.0.1", "--smtp", str(smtp)]
        command += ["--web-ip", "127.0.0.1", "--web", str(web)]
        command += ["--mail-directory", str(mails), "--max-emails", "1000"]
        environment = {**service_registry.base_environment(), "NODE_ENV": "production"}
        child = self._start("maildev", command, environment)
        self.smtp_url = f"smtp://127.0.0.1:{smtp}"
        self.catcher_url = f"http://127.0.0.1:{web}"

        def ready() -> bool:
            child.require_alive()
            return responds(self.catcher_url)

        return ready

    # ------------------------------------------------------------ provisioning

    def write_secrets(self) -> None:
        """Keys, and the addresses with passwords that each service is given as a file."""
        more = {"IMPEX_SMTP_URL": self.smtp_url}
        self.passwords = write_secrets(self.secrets_dir, self.admin_urls(), more)
        write_public_rings(self.secrets_dir)

    def provision_database(self) -> list[str]:
        """Roles, schemas, migrations; returns the migrations applied now."""
        provision_database(self.admin_urls(), service_registry.principals(), self.passwords)
        return migrate_all(self.secrets_dir.get(OWNER_URL), service_registry.services())

    def provision_broker(self) -> None:
        """Virtual host, users, rights, shared exchanges, and where events are pushed to."""
        new = provision_broker(self.admin_urls(), service_registry.principals(), self.passwords)
        self.remarks += [f"{name} has no password: `impex partner rotate {name}`" for name in new]
        record_receivers(self.secrets_dir.get(OWNER_URL))

    # ---------------------------------------------------------------- services

    def start_services(self) -> None:
        """Start every service in its own process, except those that a person starts.

        Where root starts them, each has a user of its own if such a user can read what it needs.
        """
        own_files = self.paths.service_files()
        users = prepare_users(service_registry.service_names(), own_files)
        if users.remark:
            self.remarks.append(users.remark)
        for name in service_registry.service_names():
            port = self._choose_port()
            values = {
                "IMPEX_BASE_URL": self.base_url,
                "IMPEX_GATEWAY_PORT": str(self.portal_port),
                "IMPEX_DESK_BASE_URL": self.desk_url,
                "IMPEX_DESK_PORT": str(self.desk_port),
                MANAGEMENT_URL: _without_login(self.admin_urls().management_url),
                f"IMPEX_{name.upper()}_HEALTH_PORT": str(port),
            }
            files = self.secrets_dir.files()
            environment = service_registry.environment([name], values, files)
            if name in self.without:
                own = sorted(environment.keys() - service_registry.base_environment().keys())
                lines = [f"{key}={shlex.quote(environment[key])}\n" for key in own]
                write_for("", self.paths.environment_file(name), "".join(lines))
            else:
                self.state.health[name] = f"http://127.0.0.1:{port}/health/ready"
                user = users.ids.get(name, "")
                if isinstance(user, int):
                    environment = give_files(own_files / name, user, environment)
                self._start(name, service_command(name), environment, user)

    def restart_services(self, names: Sequence[str]) -> None:
        """Stop services in order, the front ends first, and start them again."""
        self._stop_together(name for name in names if name in STOP_ORDER[0])
        self._stop_together(name for name in names if name not in STOP_ORDER[0])
        for name in names:
            self.children[name].start()
        self.save_state()

    def service_ready(self, name: str) -> bool:
        """Whether a service reports it; StartFailed when it has ended, also because of settings."""
        child = self.children[name]
        if not child.alive and child.process and child.process.returncode == EXIT_MISCONFIGURED:
            lines = child.last_lines().splitlines()
            named = [line for line in lines if line.startswith("impex: ")]
            raise Misconfigured("\n".join([f"{name} has wrong settings", *(named or lines)]))
        child.require_alive()
        return responds(self.state.health[name])

    # -------------------------------------------------------------- bookkeeping

    def _start(
        self, name: str, command: list[str], environment: dict[str, str], user: str | int = ""
    ) -> Child:
        child = Child(name, command, self.paths.logs / f"{name}.log", environment, ROOT, user)
        ports = {"gateway": self.portal_port, "desk": self.desk_port}
        if ports.get(name, FIRST_OPEN_PORT) < FIRST_OPEN_PORT:
            child.capability = "net_bind_service"
        child.start()
        self._register(child)
        return child

    def _register(self, *children: Child) -> None:
        for child in children:
            self.children[child.name] = child
        self.save_state()

    def save_state(self) -> None:
        """Write what runs to the file, so that the next start can end it if we cannot."""
        self.state.children = {
            name: identity
            for name, child in self.children.items()
            if child.pid and (identity := ProcessIdentity.of(child.pid, int(child.stop_signal)))
        }
        self.state.addresses = self.addresses()
        self.state.write(self.paths.state)

    def addresses(self) -> dict[str, str]:
        """What `impex status --json` gives to programs; no password is among them."""
        admin_urls = self.admin_urls()
        found = {
            "portal": self.base_url,
            "desk": self.desk_url,
            "mail_catcher": self.catcher_url,
            "smtp": _without_login(self.smtp_url),
            "database": _without_login(admin_urls.database_url),
            "broker": _without_login(admin_urls.amqp_url),
            "broker_management": _without_login(admin_urls.management_url),
        }
        if self.rabbit is not None:
            port = self.rabbit.ports["prometheus"]
            found["broker_metrics"] = f"http://127.0.0.1:{port}/metrics"
        for name, url in self.state.health.items():
            found[f"{name}_metrics"] = url.replace("/health/ready", "/metrics")
        return {name: url for name, url in found.items() if url}

    def stop(self) -> None:
        """Stop everything in order: the front ends first, the servers last."""
        first, *last = STOP_ORDER
        named = {name for group in STOP_ORDER for name in group}
        others = [name for name in self.children if name not in named]
        for group in (first, others, *last):
            self._stop_together(name for name in group if name in self.children)
        for name in self.without:
            self.paths.environment_file(name).unlink(missing_ok=True)
        self.paths.state.unlink(missing_ok=True)

    def _stop_together(self, names: Iterable[str]) -> None:
        chosen = [self.children[name] for name in names]
        if chosen:
            with ThreadPoolExecutor(len(chosen)) as pool:
                list(pool.map(lambda child: child.stop(35), chosen))


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if url else ""
