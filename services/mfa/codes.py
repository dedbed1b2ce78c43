"""What a code is worth: right once, used, wrong, or right on a clock that is off.

A right code is of a step within the window, later than the last accepted one (OT-04). Any other is
looked for ten minutes around: if it is found there, its step never works again, and a second one in
a row that agrees tells how far the phone's clock is off (OT-05, G-23). That is told, never learnt.
Pure.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from services.mfa.totp import is_code_of
from shared.contracts.base import Refusal

#: Steps looked at on each side for a clock that is off: ten minutes.
REACH = 20
#: Steps by which two measures may differ and still agree.
AGREEING = 1

USED = Refusal(slug="code_used")

Worth = Literal["right", "used", "wrong", "off"]


@dataclass(frozen=True, kw_only=True)
class Stray:
    """A code found outside the window: its step, and how many steps from ours (late: negative)."""

    step: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is remembered of a key's codes.

    `last_step` is the last accepted one, `burned` are steps that never work though they may still
    come up, `stray` is the latest code where that one was found outside the window.
    """

    last_step: int = 0
    burned: tuple[int, ...] = ()
    stray: Stray | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a code is worth, and what is to be remembered. `stray` is set where it is `off`."""

    worth: Worth
    memory: Memory
    stray: Stray | None = None

    @property
    def refusal(self) -> Refusal:
        """How a code that is not right is refused: one on a clock that is off is told by how much,
        in whole minutes, at least one."""
        if self.worth == "used":
            return USED
        if self.stray is None:
            return Refusal(slug="wrong_code")
        offset = self.stray.offset
        direction = "slow" if offset < 0 else "fast"
        # Half a minute is rounded towards the fast side: typing takes a part of a step.
        minutes = max(1, abs((offset + 1) // 2))
        return Refusal(slug="clock_off", params={"minutes": minutes, "direction": direction})


def judge(key: str, code: str, now: int, memory: Memory, window: int) -> Verdict:
    """Judge six digits in the step `now`; `window` steps on each side are right."""
    memory = dataclasses.replace(memory, burned=_still_to_come(memory.burned, now))
    near = [step for step in _around(now, window) if is_code_of(key, step, code)]
    fresh = [step for step in near if step > memory.last_step and step not in memory.burned]
    if fresh:
        # Of two steps with one code the later counts, lest the code is right twice.
        return Verdict(worth="right", memory=Memory(last_step=max(fresh), burned=memory.burned))
    if near:
        return Verdict(worth="used", memory=memory)
    return _judge_far(key, code, now, memory)


def _judge_far(key: str, code: str, now: int, memory: Memory) -> Verdict:
    # The window holds no such code, or there would be no need to look further.
    found = [step for step in _around(now, REACH) if is_code_of(key, step, code)]
    if not found:
        return Verdict(worth="wrong", memory=dataclasses.replace(memory, stray=None))
    burned = tuple(sorted({*memory.burned, *found}))
    strays = sorted(
        (Stray(step=step, offset=step - now) for step in found), key=lambda each: abs(each.offset)
    )
    before = memory.stray
    for stray in strays:
        if before is not None and _agree(before, stray):
            kept = dataclasses.replace(memory, burned=burned, stray=stray)
            return Verdict(worth="off", memory=kept, stray=stray)
    # The same code again says nothing new: what the first of the two said still stands.
    same = before is not None and before.step in found
    stray = before if same and before is not None else strays[0]
    return Verdict(worth="wrong", memory=dataclasses.replace(memory, burned=burned, stray=stray))


def _agree(before: Stray, after: Stray) -> bool:
    return after.step > before.step and abs(after.offset - before.offset) <= AGREEING


def _around(now: int, steps: int) -> range:
    return range(max(0, now - steps), now + steps + 1)


def _still_to_come(burned: tuple[int, ...], now: int) -> tuple[int, ...]:
    """Those that a clock of ours within reach could still meet: more are not worth keeping."""
    return tuple(step for step in burned if step >= now - REACH)
