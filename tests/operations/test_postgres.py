"""The private PostgreSQL in odd folders, and after its creation was interrupted."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.install.paths import ROOT
from operations.local.postgres import Postgres
from operations.provision.database_admin import execute
from shared.errors import ImpexError
from tests.support import eventually_sync
from tests.support.servers.shared_servers import reason_to_skip

pytestmark = [pytest.mark.timeout(300)]

START = """
import sys
from pathlib import Path
from operations.local.postgres import Postgres
Postgres(Path(sys.argv[1]), "secret").start()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach, which pytest's are not."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    made = Path(tempfile.mkdtemp(prefix="impex-postgres-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def answers(folder: Path) -> bool:
    server = Postgres(folder, "secret", durable=False)
    try:
        server.start()
        server.wait()
        return server.ready()
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["it's a, folder", f"{'long' * 20}/{'deep' * 20}"])
def test_any_folder_will_do(folder: Path, name: str) -> None:
    assert answers(folder / name)


def test_a_launcher_killed_during_initdb_leaves_no_partial_cluster(folder: Path) -> None:
    place = folder / "postgresql"
    launcher = subprocess.Popen([sys.executable, "-c", START, str(place)], cwd=ROOT)
    eventually_sync(lambda: list(place.glob("*/PG_VERSION")), 60, every=0.005)
    launcher.kill()
    launcher.wait()
    assert not (place / "data").exists(), "it was made before the launcher could be killed"
    assert answers(place)


def test_s_08_its_log_holds_no_row_and_no_statement(folder: Path) -> None:
    server = Postgres(folder / "data", "secret", durable=False)
    try:
        server.start()
        server.wait()
        execute(server.url(), "CREATE TABLE people (name text PRIMARY KEY)")
        insert = "INSERT INTO people VALUES ('pierre@labo.example')"
        execute(server.url(), insert)
        with pytest.raises(ImpexError, match="duplicate key"):
            execute(server.url(), insert)
    finally:
        server.stop()
    log = server.child.log.read_text()
    assert "duplicate key" in log
    assert "pierre" not in log
    assert "INSERT" not in log
    for path in (server.folder, server.data, server.child.log):
        assert not path.stat().st_mode & 0o077, path
