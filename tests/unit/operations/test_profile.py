"""The samples of `make profile` and the counts of statements."""

from benchmarks.environment import StatementCounts
from benchmarks.profile import shares_of

SAMPLES = """\
main (shared/runtime/main.py:5);handle (services/mfa/codes.py:9) 3
main (shared/runtime/main.py:5);handle (services/mfa/codes.py:9);fetch (asyncpg/connection.py:700) 5
_worker (concurrent/futures/thread.py:81) 90
_worker (concurrent/futures/thread.py:81);hash_secret (argon2/low_level.py:10);call (cffi.py:1) 2
"""


def test_a_sample_counts_for_the_innermost_part_and_waiting_for_none() -> None:
    shares = shares_of(SAMPLES)
    assert shares == {"the service's own code": 0.3, "database": 0.5, "hashing": 0.2}


def test_statements_are_counted_from_the_moment_before() -> None:
    before = StatementCounts({("mfa", "COMMIT"): (5, 1.0), ("mfa", "SELECT 1"): (2, 1.0)})
    after = {("mfa", "COMMIT"): (9, 2.0), ("mfa", "SELECT 1"): (2, 1.0), ("desk", "COMMIT"): (1, 1)}
    added = StatementCounts(after).since(before)
    assert (added.calls(), added.calls("mfa"), added.calls(statement="COMMIT")) == (5, 4, 5)
