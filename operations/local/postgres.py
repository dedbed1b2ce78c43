"""A private PostgreSQL as a child process: `start`, `ready`, `stop`, `kill`.

Reached over TCP on 127.0.0.1 only. Its data stays in the folder given. For trying out and for
tests, not for production.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from operations.install.paths import (
    ADMIN,
    SYSTEM_PATH,
    chown_to,
    postgresql_bin,
    user_for,
    write_for,
)
from operations.local.processes import Child, StartFailed, free_port, started_at, wait_until


class Postgres:
    """One PostgreSQL cluster in `folder`, reached over TCP on 127.0.0.1 with a password."""

    def __init__(
        self, folder: Path, password: str, *, durable: bool = True, settings: Sequence[str] = ()
    ) -> None:
        """`durable=False` trades safety against power loss for speed; for tests only. `settings`
        are further lines of its configuration."""
        programs = postgresql_bin()
        if programs is None:
            raise FileNotFoundError("PostgreSQL is not installed (Debian package postgresql)")
        self.programs = programs
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.password = password
        self.port = free_port()
        self.durable = durable
        self.settings = settings
        self.user = user_for("postgres")
        if os.getuid() == 0 and not self.user:
            raise FileNotFoundError("PostgreSQL refuses root and there is no user postgres")
        environment = {"PATH": f"{programs}:{SYSTEM_PATH}", "LANG": "C.UTF-8"}
        self.environment = {**environment, "HOME": str(self.folder), "PGTZ": "UTC"}
        self.child = Child(
            "postgresql",
            [str(programs / "postgres"), "-D", str(self.data)],
            self.folder / "postgresql.log",
            self.environment,
            self.folder,
            user=self.user,
            stop_signal=signal.SIGINT,  # a "fast" shutdown: sessions are cut, data is flushed
        )

    def url(self, database: str = "postgres") -> str:
        """The administrator's address of `database`."""
        return f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Create the cluster if there is none, then start it; does not wait."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        lines = [
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            "unix_socket_directories = ''",  # nothing uses one, and a long path is refused
            "max_connections = 200",
            "shared_buffers = 64MB",
            "log_line_prefix = '%m [%p] %u@%d '",
            # Neither the row of a violated constraint nor the statement: what people typed.
            "log_error_verbosity = terse",
            "log_min_error_statement = panic",
        ]
        lines += self.settings
        if not self.durable:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
            lines += ["max_wal_size = 128MB", "min_wal_size = 32MB"]
            # A run has hundreds of databases of few rows, each of a few seconds.
            lines += ["autovacuum = off", "jit = off"]
        write_for(self.user, self.data / "impex.conf", "\n".join(lines) + "\n")
        self.child.start()

    def _create(self) -> None:
        """initdb, with the administrator's password and password logins only.

        Made under another name first, so that a cluster is either complete or not there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        chown_to(self.folder, self.user)
        for left in self.folder.glob("draft-*"):
            shutil.rmtree(left, ignore_errors=True)  # its initdb may still be deleting it
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.folder))
        chown_to(draft, self.user)
        secret = self.folder / "initial-password"
        write_for(self.user, secret, self.password)
        command = [str(self.programs / "initdb"), "-D", str(draft), "-U", ADMIN]
        command += ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-locale"]
        log = self.child.log.with_name("initdb.log")
        maker = Child("initdb", command, log, self.environment, self.folder, user=self.user)
        try:
            maker.start()
            assert maker.process is not None
            if maker.process.wait():
                raise StartFailed(f"initdb failed\n{maker.last_lines()}")
        finally:
            maker.stop()
            secret.unlink()
        with (draft / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude 'impex.conf'\n")
        draft.rename(self.data)

    def ready(self) -> bool:
        """Whether it answers; raises `StartFailed` when it has ended."""
        self.child.require_alive()
        done = subprocess.run(
            [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            env=self.environment,
            check=False,
        )
        return done.returncode == 0

    def wait(self, seconds: float = 60) -> None:
        """Wait until it answers."""
        wait_until(self.ready, seconds, "PostgreSQL")

    def stop(self) -> None:
        """Fast shutdown, in order."""
        self.child.stop()

    def kill(self) -> None:
        """A crash of the server, and the end of all its processes: those that serve connections
        end when they notice, and until then no other server starts on the same data.
        """
        self.child.signal(signal.SIGSTOP)  # it starts no process any more
        pid = self.child.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children")
        workers = [int(one) for one in listed.read_text().split()] if self.child.alive else []
        born = {one: started_at(one) for one in workers}
        self.child.kill()
        wait_until(
            lambda: all(started_at(one) != start for one, start in born.items() if start),
            30,
            "the end of PostgreSQL's processes",
        )
