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
