"""Dead letters of one fault: how long an operator waits for the list, and how fast a replay is."""

import asyncio
import time
from collections.abc import Sequence

from pamqp.commands import Basic

from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, ratio_line
from shared.contracts.registration.events import RequestCancelled
from shared.messaging.connection import BrokerConnection
from shared.messaging.dead_letters import list_letters, replay
from shared.messaging.envelope import wrap
from shared.messaging.letter_groups import group
from shared.messaging.letter_queue import PART
from shared.messaging.publisher import Publisher
from shared.messaging.topology import DEAD
from shared.runtime.service import utc_now

NAME = "mailer"
OPERATOR_URL, SERVICE_URL = "IMPEX_OPERATOR_AMQP_URL", "IMPEX_MAILER_AMQP_URL"
LIST_SECONDS = 4.0


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """The list of all of them, and their replay next to publishing as many."""
    operator = environment.urls[OPERATOR_URL]
    seconds: list[float] = []
    pairs: list[tuple[float, float]] = []
    for _ in range(plan.rounds):
        letters = _letters(plan.letters)
        begin = time.perf_counter()
        await _publish(environment.urls[SERVICE_URL], letters)
        published = plan.letters / (time.perf_counter() - begin)
        begin = time.perf_counter()
        (only,) = group(await list_letters(operator, NAME))
        seconds.append(time.perf_counter() - begin)
        assert only.count == plan.letters, only.count
        begin = time.perf_counter()
        moved = await replay(operator, NAME)
        assert moved == plan.letters, moved
        pairs.append((plan.letters / (time.perf_counter() - begin), published))
        await _empty(operator)
    slowest = sorted(seconds)[len(seconds) // 2]
    return [
        Line(
            scenario="dead_letters",
            what=f"{plan.letters:,} dead letters of one fault in one line",
            unit="s",
            values=seconds,
            aim=f"<= {LIST_SECONDS:g} s",
            passed=slowest <= LIST_SECONDS,
        ),
        ratio_line(
            "dead_letters",
            "replayed",
            "/s",
            pairs,
            floor_name=f"plain publishes with confirms, {PART} in flight",
            at_least=0.5,
        ),
    ]


def _letters(count: int) -> list[tuple[str, bytes]]:
    return [
        wrap("registration", RequestCancelled(request_id=str(n)), subject=None, now=utc_now())
        for n in range(count)
    ]


async def _publish(url: str, letters: Sequence[tuple[str, bytes]]) -> None:
    """Put them among the dead letters as a service does."""
    at = utc_now().isoformat()
    headers = {
        "attempt": 1, "error_type": "KeyError", "error": "KeyError at services/x.py:y",
        "failed_by": NAME, "failed_at": at, "fingerprint": "KeyError in services/x.py:y",
        "first_failed_at": at, "published_by": "registration",
    }  # fmt: skip
    link = BrokerConnection(url, "bench.dead_letters")
    await link.open(timeout=0)
    publisher = Publisher(link)
    try:
        for begin in range(0, len(letters), PART):
            await asyncio.gather(
                *(
                    publisher.publish(
                        body,
                        Basic.Properties(
                            delivery_mode=2,
                            message_id=name,
                            message_type=RequestCancelled.TYPE,
                            headers=headers,
                        ),
                        exchange=DEAD,
                        key=NAME,
                    )
                    for name, body in letters[begin : begin + PART]
                )
            )
    finally:
        await link.close()


async def _empty(url: str) -> None:
    link = BrokerConnection(url, "bench.dead_letters")
    await link.open(timeout=0)
    channel = await link.channel(confirms=False)
    await channel.queue_purge(NAME)
    await link.close()
