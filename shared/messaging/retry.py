"""What happens to a message whose handler failed. Pure: an error and a count, a decision.

Promises that every message either waits a bounded number of times or becomes a dead letter;
nothing here does either.
"""

from dataclasses import dataclass

from shared.errors import Reject, Retry
from shared.messaging.errors import Undecodable
from shared.messaging.topology import RETRY_DELAYS

#: A message is tried once, and again after each step.
MAX_ATTEMPTS = len(RETRY_DELAYS) + 1


@dataclass(frozen=True)
class RetryIn:
    """Wait in the retry queue of `step`, then try again."""

    step: str


@dataclass(frozen=True)
class Dead:
    """Move to the dead letters, with the reason."""

    reason: str


Decision = RetryIn | Dead


def decide(error: BaseException, attempt: int) -> Decision:
    """What to do after `attempt` (1 is the first) failed with `error`.

    `Retry(after=…)` waits at least that long where a step does; a longer wait takes the longest.
    """
    if isinstance(error, Reject | Undecodable):
        return Dead(error.reason)
    if attempt >= MAX_ATTEMPTS:
        return Dead(f"failed {attempt} times")
    steps = list(RETRY_DELAYS)
    shortest = max(attempt, 1) - 1
    if isinstance(error, Retry) and error.after is not None:
        enough = [i for i, step in enumerate(steps) if RETRY_DELAYS[step] >= error.after * 1_000]
        shortest = enough[0] if enough else len(steps) - 1
    return RetryIn(steps[shortest])
