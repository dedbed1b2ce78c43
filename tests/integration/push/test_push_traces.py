"""LG-01: one trace goes from an event to the partner that it is posted to."""

import json
from collections.abc import Iterator

import pytest

from shared.runtime import tracing
from shared.runtime.tracing import FinishedSpan
from tests.support.harness.pushing import Pushing

pytestmark = pytest.mark.timeout(120)


class Recorded:
    """Keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[FinishedSpan] = []

    def record(self, span: FinishedSpan) -> None:
        """Keep one."""
        self.spans.append(span)

    def close(self) -> None:
        """Nothing to send."""


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    tracing.record_by(made)
    yield made
    tracing.record_by(None)


async def test_lg_01_each_post_is_a_span_that_the_partner_can_go_on_from(
    pushing: Pushing, recorded: Recorded
) -> None:
    """With its outcome, and nothing of what it says or where to."""
    name = await pushing.add("labo")
    pushing.receiver.answers["/labo"] = 400
    await pushing.receiver.start()
    await pushing.publish()
    async with pushing.running():
        await pushing.until(name, attempts=1, state="waiting")
        pushing.receiver.answers.clear()
        pushing.clock.advance(seconds=5)
        await pushing.until(name, state="delivered")
    posts = pushing.receiver.posts
    _, trace, event, _ = json.loads(posts[0].body)["traceparent"].split("-")
    mine = [one for one in recorded.spans if one.trace_id == trace]
    spans = [one for one in mine if one.name == "push registration.AccountCreated.v1"]
    assert [one.parent_id for one in spans] == [event, event]
    assert [one.headers["traceparent"] for one in posts] == [
        f"00-{trace}-{one.span_id}-01" for one in spans
    ]
    assert [one.attributes for one in spans] == [
        {
            "impex.partner": name,
            "impex.outcome": outcome,
            "http.response.status_code": status,
        }
        for outcome, status in (("refused", 400), ("delivered", 200))
    ]
    (heard,) = [one for one in mine if one.name == "handle registration.AccountCreated.v1"]
    assert (heard.service, heard.parent_id) == ("push", event)
    assert heard.attributes["impex.statements"] == 1
    assert "localhost" not in str(mine)


async def test_lg_01_without_a_collector_the_partner_gets_the_events_own_trace(
    pushing: Pushing,
) -> None:
    name = await pushing.add("labo")
    await pushing.receiver.start()
    await pushing.publish()
    async with pushing.running():
        await pushing.until(name, state="delivered")
    (post,) = pushing.receiver.posts
    assert post.headers["traceparent"] == json.loads(post.body)["traceparent"]
