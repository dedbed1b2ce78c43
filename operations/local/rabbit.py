"""A private RabbitMQ node as a child process: `start`, `ready`, `stop`, `kill`.

Listens on 127.0.0.1 only, with its own epmd, and reads nothing under /etc. Its data stays in the
folder given. For trying out and for tests, not for production.
"""

import json
import socket
from contextlib import suppress
from pathlib import Path

from operations.install.paths import (
    ADMIN,
    RABBITMQ_BIN,
    SYSTEM_PATH,
    chown_to,
    missing_servers,
    user_for,
    write_for,
)
from operations.local.processes import Child, free_port, port_is_free, wait_until

#: The file of the ports of the last start.
PORTS = "ports.json"
#: How old the depth of a queue may be in the management API.
STATISTICS_MS = 1000


class Rabbit:
    """One RabbitMQ node with management and Prometheus, and the epmd that only it uses."""

    def __init__(
        self,
        folder: Path,
        password: str,
        *,
        name: str = "impex",
        port: int = 0,
        program: Path = RABBITMQ_BIN / "rabbitmq-server",
    ) -> None:
        """`password` is the administrator's; only the first start in a folder sets it.

        `port` is for clients; with 0 the ports are those of the last start where they are free.
        `program` starts the node; it is another one only in tests of another release.
        """
        if "rabbitmq-server" in missing_servers():
            raise FileNotFoundError("RabbitMQ is not installed (Debian package rabbitmq-server)")
        self.folder = folder.absolute()
        self.password = password
        self.user = user_for("rabbitmq")
        self.ports = self._choose_ports(port)
        self.environment = self._environment(f"{name}@localhost")
        self.epmd = Child(
            "epmd",
            ["epmd", "-port", str(self.ports["epmd"]), "-address", "127.0.0.1"],
            self.folder / "epmd.log",
            {"PATH": SYSTEM_PATH},
            Path("/"),
            user=self.user,
        )
        self.child = Child(
            "rabbitmq",
            [str(program)],
            self.folder / "rabbitmq.log",
            self.environment,
            self.folder,
            user=self.user,
        )

    def _choose_ports(self, port: int) -> dict[str, int]:
        """A port for each role, so that what people noted stays true."""
        known: dict[str, int] = {}
        with suppress(OSError, ValueError):
            known = dict(json.loads((self.folder / PORTS).read_text()))
        if port:
            known["amqp"] = port
        return {
            role: known[role] if role in known and port_is_free(known[role]) else free_port()
            for role in ("amqp", "management", "prometheus", "distribution", "epmd")
        }

    def _environment(self, node: str) -> dict[str, str]:
        """Every place where RabbitMQ would look, inside our folder."""
        base = self.folder
        arguments = (
            "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} -noinput"
            # A thread for each core would wake others for each message, beside services that keep
            # the cores busy: a sixth of the node's processor time.
            " +S 1:1 +SDcpu 1:1 +SDio 1"
        )
        return {
            "PATH": SYSTEM_PATH,
            "LANG": "C.UTF-8",
            "HOME": f"{base}/home",
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_MNESIA_BASE": f"{base}/mnesia",
            "RABBITMQ_LOG_BASE": f"{base}/log",
            "RABBITMQ_CONF_ENV_FILE": f"{base}/env.conf",
            "RABBITMQ_CONFIG_FILE": f"{base}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{base}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{base}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{base}/pid",
            "RABBITMQ_DIST_PORT": str(self.ports["distribution"]),
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # The default binds every node's schedulers to the same cores.
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments,
            # Makes the start script exec the virtual machine: our child's pid is the node.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def url(self, vhost: str = "/") -> str:
        """The administrator's AMQP address of `vhost`."""
        path = vhost.replace("/", "%2F")
        return f"amqp://{ADMIN}:{self.password}@127.0.0.1:{self.ports['amqp']}/{path}"

    @property
    def management_url(self) -> str:
        """The administrator's address of the management API."""
        return f"http://{ADMIN}:{self.password}@127.0.0.1:{self.ports['management']}"

    def start(self) -> None:
        """Write the configuration and start the node; does not wait."""
        self._write_files()
        if not self.epmd.alive:
            self.epmd.start()
            # Without one, RabbitMQ would start its own epmd, which outlives it.
            wait_until(self._epmd_ready, 10, "epmd")
        self.child.start()

    def _epmd_ready(self) -> bool:
        self.epmd.require_alive()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.ports["epmd"])) == 0

    def _write_files(self) -> None:
        for folder in (self.folder, *(self.folder / n for n in ("home", "mnesia", "log"))):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            chown_to(folder, self.user)
        cookie = self.folder / "home" / ".erlang.cookie"
        if not cookie.exists():
            # Erlang refuses a cookie that others may read.
            write_for(self.user, cookie, self.password, 0o400)
        ports = self.ports
        settings = [
            f"listeners.tcp.1 = 127.0.0.1:{ports['amqp']}",
            "management.tcp.ip = 127.0.0.1",
            f"management.tcp.port = {ports['management']}",
            "prometheus.tcp.ip = 127.0.0.1",
            f"prometheus.tcp.port = {ports['prometheus']}",
            f"default_user = {ADMIN}",
            f"default_pass = {self.password}",
            # To the child's log, which `log_retention` bounds.
            "log.console = true",
            "log.console.level = info",
            "log.file = false",
            "max_message_size = 1048576",
            "raft.wal_max_size_bytes = 67108864",
            "disk_free_limit.absolute = 200MB",
            "vm_memory_high_watermark.absolute = 1GB",
        ]
        files = {
            PORTS: json.dumps(ports),
            "rabbitmq.conf": "\n".join(settings) + "\n",
            "enabled_plugins": "[rabbitmq_management,rabbitmq_prometheus].\n",
            "advanced.config": f"[{{rabbit, [{{quorum_tick_interval, {STATISTICS_MS}}}, "
            f"{{collect_statistics_interval, {STATISTICS_MS}}}]}}].\n",
            "env.conf": "",
        }
        for name, text in files.items():
            write_for(self.user, self.folder / name, text)

    def ready(self) -> bool:
        """Whether it greets an AMQP client; raises `StartFailed` when it has ended."""
        self.epmd.require_alive()
        self.child.require_alive()
        try:
            with socket.create_connection(("127.0.0.1", self.ports["amqp"]), 1) as client:
                client.settimeout(2)
                client.sendall(b"AMQP\x00\x00\x09\x01")
                return client.recv(7)[:1] == b"\x01"
        except OSError:
            return False

    def wait(self, seconds: float = 90) -> None:
        """Wait until it greets an AMQP client."""
        wait_until(self.ready, seconds, "RabbitMQ")

    def stop(self) -> None:
        """Stop the node in order, then its epmd."""
        self.child.stop()
        self.epmd.stop()

    def kill(self) -> None:
        """A crash of the node."""
        self.child.kill()
