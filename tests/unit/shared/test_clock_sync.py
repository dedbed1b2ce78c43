"""OT-06: a clock that nothing synchronises is said once, and is in the metrics."""

import json

from shared.runtime.clock_sync import ClockState, ClockWatch, read_clock
from shared.runtime.metrics import REGISTRY
from tests.support.logs import written_log

GOOD, BAD = ClockState(True, 0.01), ClockState(False, 16.0)


async def test_ot_06_o_20_an_unsynchronised_clock_is_logged_once_and_measured() -> None:
    states = [GOOD, BAD, BAD, None, GOOD, GOOD, BAD]
    watch = ClockWatch("mfa", iter(states).__next__)
    with written_log("info") as written:
        seen = []
        for _ in states:
            await watch.look()
            seen.append(REGISTRY.get_sample_value("impex_clock_synchronised", {"service": "mfa"}))
    actions = [json.loads(line)["action"] for line in written.getvalue().splitlines()]
    assert actions == ["clock_unsynchronised", "clock_synchronised", "clock_unsynchronised"]
    assert seen == [1, 0, 0, 0, 1, 1, 0]
    assert REGISTRY.get_sample_value("impex_clock_max_error_seconds", {"service": "mfa"}) == 16


def test_ot_06_the_kernel_is_asked_without_any_right() -> None:
    state = read_clock()
    assert state is not None
    assert 0 <= state.max_error < 1_000
