"""The samples of `make profile` and the counts of statements, in a process of their own: importing
the benchmarks registers the event that they publish."""

import subprocess
import sys

SAMPLES = """\
main (shared/runtime/main.py:5);handle (services/mfa/codes.py:9) 3
main (shared/runtime/main.py:5);handle (services/mfa/codes.py:9);fetch (asyncpg/pool.py:70) 5
_worker (concurrent/futures/thread.py:81) 90
_worker (concurrent/futures/thread.py:81);hash_secret (argon2/low_level.py:10);call (cffi.py:1) 2
"""
COUNTED = f"""
from benchmarks.environment import StatementCounts
from benchmarks.profile import shares_of
shares = shares_of('''{SAMPLES}''')
assert shares == {{"the service's own code": 0.3, "database": 0.5, "hashing": 0.2}}, shares
before = StatementCounts({{("mfa", "COMMIT"): (5, 1.0), ("mfa", "SELECT 1"): (2, 1.0)}})
after = {{("mfa", "COMMIT"): (9, 2.0), ("mfa", "SELECT 1"): (2, 1.0), ("desk", "COMMIT"): (1, 1)}}
added = StatementCounts(after).since(before)
counts = added.calls(), added.calls("mfa"), added.calls(statement="COMMIT")
assert counts == (5, 4, 5), counts
"""


def test_samples_count_for_the_innermost_part_and_statements_from_the_moment_before() -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
