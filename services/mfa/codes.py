"""Verifies TOTP codes: right once, already used, wrong, or from a clock that is off.

A code is right if its step lies in the window and after the last accepted step (OT-04). Any other
code is looked up in the ten minutes around: a step found there is blocked for good, and two such
codes in a row with the same drift show how far the phone's clock is off (OT-05, G-23). The drift is
reported to the user and never compensated for. Pure.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from services.mfa.totp import is_code_of
from shared.contracts.base import Refusal

#: Steps searched on each side for a clock that is off: ten minutes.
DRIFT_WINDOW = 20
#: Steps by which two measured offsets may differ and still count as the same drift.
DRIFT_TOLERANCE = 1

CODE_USED = Refusal(slug="code_used")

Result = Literal["right", "used", "wrong", "off"]


@dataclass(frozen=True, kw_only=True)
class OffWindowCode:
    """A code found outside the window: its step, and its offset from ours (slow: negative)."""

    step: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class CodeState:
    """What is stored about the codes of a key.

    `last_step` is the last accepted step, `blocked_steps` are never accepted although their time
    may still come, `off_window` is the latest code if it was found outside the window.
    """

    last_step: int = 0
    blocked_steps: tuple[int, ...] = ()
    off_window: OffWindowCode | None = None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result for one code, and the state to store."""

    result: Result
    state: CodeState

    @property
    def refusal(self) -> Refusal:
        """The refusal of a code that is not right. `clock_off` has the drift in whole minutes, at
        least one."""
        if self.result == "used":
            return CODE_USED
        if self.result != "off" or self.state.off_window is None:
            return Refusal(slug="wrong_code")
        offset = self.state.off_window.offset
        direction = "slow" if offset < 0 else "fast"
        # Half a minute is rounded towards fast: typing takes part of a step.
        minutes = max(1, abs((offset + 1) // 2))
        return Refusal(slug="clock_off", params={"minutes": minutes, "direction": direction})


def verify_code(key: str, code: str, now: int, state: CodeState, window: int) -> Verification:
    """Verify six digits in the step `now`, with `window` steps accepted on each side."""
    reachable = tuple(step for step in state.blocked_steps if step >= now - DRIFT_WINDOW)
    state = dataclasses.replace(state, blocked_steps=reachable)
    in_window = _matching_steps(key, code, now, window)
    fresh = [step for step in in_window if step > state.last_step and step not in reachable]
    if fresh:
        # Two steps may have the same code: the later one counts, so that it is right only once.
        accepted = CodeState(last_step=max(fresh), blocked_steps=reachable)
        return Verification(result="right", state=accepted)
    if in_window:
        return Verification(result="used", state=state)
    return _verify_outside_window(key, code, now, state)


def _verify_outside_window(key: str, code: str, now: int, state: CodeState) -> Verification:
    found = _matching_steps(key, code, now, DRIFT_WINDOW)
    if not found:
        return Verification(result="wrong", state=dataclasses.replace(state, off_window=None))
    blocked = tuple(sorted({*state.blocked_steps, *found}))
    state = dataclasses.replace(state, blocked_steps=blocked)
    nearest_first = sorted(
        (OffWindowCode(step=step, offset=step - now) for step in found),
        key=lambda code: abs(code.offset),
    )
    former = state.off_window
    if former is not None:
        for latest in nearest_first:
            if _same_drift(former, latest):
                state = dataclasses.replace(state, off_window=latest)
                return Verification(result="off", state=state)
        if former.step in found:
            # The same code again measures nothing new: the first measurement remains.
            return Verification(result="wrong", state=state)
    state = dataclasses.replace(state, off_window=nearest_first[0])
    return Verification(result="wrong", state=state)


def _same_drift(former: OffWindowCode, latest: OffWindowCode) -> bool:
    return latest.step > former.step and abs(latest.offset - former.offset) <= DRIFT_TOLERANCE


def _matching_steps(key: str, code: str, now: int, distance: int) -> list[int]:
    """The steps up to `distance` from `now` that have this code."""
    steps = range(max(0, now - distance), now + distance + 1)
    return [step for step in steps if is_code_of(key, step, code)]
