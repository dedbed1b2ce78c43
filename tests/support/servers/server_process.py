"""The process that runs one PostgreSQL and one RabbitMQ for a whole test run.

Started by whichever test process first needs servers, it writes their addresses to servers.json and
stops them when the test run's main process has ended, in whatever way.
"""

import json
import os
import secrets
import select
import shutil
import signal
import sys
import threading
from pathlib import Path

from operations.install.paths import RABBITMQ_BIN
from operations.local.postgres import Postgres
from operations.local.rabbit import Rabbit

#: Names the program `rabbitmq-server` of a release that is not the installed one.
PROGRAM = "IMPEX_TEST_RABBITMQ"


def new_rabbit(folder: Path, name: str) -> Rabbit:
    """A RabbitMQ that is not yet started. IMPEX_TEST_RABBITMQ names the program of another
    release.
    """
    program = Path(os.environ.get(PROGRAM) or RABBITMQ_BIN / "rabbitmq-server")
    return Rabbit(folder / "rabbitmq", secrets.token_hex(12), name=name, program=program)


def publish(folder: Path, name: str, content: object) -> None:
    """Write a JSON file so that readers see all of it or nothing."""
    draft = folder / f"{name}.draft"
    draft.write_text(json.dumps(content))
    draft.rename(folder / name)


def main(folder: Path, run: int) -> None:
    """Start the servers, announce them, and wait for process `run` to end."""
    watch = os.pidfd_open(run)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    postgres = Postgres(folder / "postgresql", secrets.token_hex(12), durable=False)
    rabbit = new_rabbit(folder, f"t{os.getpid()}")
    try:
        rabbit.start()
        postgres.start()
        postgres.wait()
        rabbit.wait()
        addresses = {
            "database_url": postgres.url(),
            "amqp_url": rabbit.url(),
            "management_url": rabbit.management_url,
            "holder": os.getpid(),
        }
        publish(folder, "servers.json", addresses)
        while not stopping.is_set() and not select.select([watch], [], [], 0.2)[0]:
            pass
    except Exception as error:
        publish(folder, "failed.json", {"reason": str(error)})
        raise
    finally:
        rabbit.kill()  # its data is discarded, so no orderly shutdown
        rabbit.epmd.kill()
        postgres.child.stop()
        if not stopping.is_set():
            shutil.rmtree(folder, ignore_errors=True)  # the run was killed and cannot do it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
