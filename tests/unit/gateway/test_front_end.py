"""What the portal and the desk are composed of alike."""

import ctypes
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.gateway.front_end import give_memory_back


def test_memory_is_kept_where_the_c_library_cannot_give_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    give_memory_back()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_what_was_freed_between_what_stays_is_given_back() -> None:
    """Of blocks too small for a mapping of their own, every eighth stays."""
    blocks = [bytes([1]) * 8_192 for _ in range(8_000)]
    before = _private_bytes()
    stay = blocks[::8]
    blocks.clear()
    give_memory_back()
    assert before - _private_bytes() > 5_000 * 8_192
    assert len(stay) == 1_000


def _private_bytes() -> int:
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return 1024 * sum(map(int, re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.M)))
