"""Events pushed to partners: a receiver that is down, killed processes, hostile addresses, replay.

The service runs by a clock of the test; receivers are real servers with TLS.
"""

import json
import re
import subprocess
from datetime import timedelta
from typing import Any

import aio_pika
import pytest

from operations.local.processes import free_port
from operations.provision.partners import partner, write
from operations.provision.receivers import record_receivers
from services.push import store
from shared.contracts.registration.events import AccountCreated
from shared.messaging.envelope import CONTENT_TYPE, new_id, wrap
from shared.messaging.topology import EVENTS
from shared.runtime.service import utc_now
from tests.support.harness.pushing import Pushing, public_keys
from tests.support.logs import written_log
from tests.support.mail.sample_events import created
from tests.support.push_receiver import page_code, verify
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(120)


async def test_b_10_a_receiver_that_is_down_for_an_hour_gets_each_event_once(
    pushing: Pushing,
) -> None:
    """Those that are there at the first failure, then one of them after each wait."""
    name = await pushing.add("labo")
    sent = [await pushing.publish(times=2) for _ in range(3)]
    async with pushing.running():
        await pushing.failures(name, 1)
        await eventually(lambda: _stored(pushing, name, len(sent)), why="three deliveries")
        await pushing.until(name, state="waiting", claim=None)
        at_first = [row["reason"] for row in await pushing.rows(name) if row["attempts"]]
        assert set(at_first) == {"no connection"}
        tried = len(at_first)
        for failures, wait in enumerate((5, 30, 120, 600), 2):
            pushing.clock.advance(seconds=wait)
            await pushing.failures(name, failures)
            tried += 1
            assert sum(row["attempts"] for row in await pushing.rows(name)) == tried
        later = await pushing.publish()
        await pushing.receiver.start()
        pushing.clock.advance(hours=1)
        await pushing.until(name, state="delivered")
    rows = {str(row["message_id"]): row["attempts"] for row in await pushing.rows(name)}
    assert rows.keys() == {*sent, later}
    assert (sum(rows.values()), rows[later]) == (tried + 4, 1)
    posts = pushing.receiver.to("/labo")
    assert sorted(json.loads(one.body)["id"] for one in posts) == sorted(rows)
    now, url = pushing.clock().timestamp(), f"{pushing.receiver.url}/labo"
    for post in posts:
        assert post.headers["Content-Type"] == CONTENT_TYPE
        verify(post, url, public_keys(), now)
    for wrong in ({"url": f"{url}x"}, {"now": now + 400}, {"keys": {"t2": public_keys()["t1"]}}):
        with pytest.raises(Exception, match=r"^$|old|known key"):
            verify(posts[0], **{"url": url, "keys": public_keys(), "now": now, **wrong})
    _verify_in_javascript(posts[0], url, now)


async def _stored(pushing: Pushing, name: str, count: int) -> bool:
    return len(await pushing.rows(name)) == count


def _verify_in_javascript(post: Any, url: str, now: float) -> None:
    headers = json.dumps({name.lower(): text for name, text in post.headers.items()})
    body = json.dumps(post.body.decode())
    asked = f"""
        const given = [{headers}, {body}, {now * 1000}];
        console.log(isGenuine(...given), isGenuine(given[0], given[1] + " ", given[2]),
            isGenuine(given[0], given[1], given[2] + 400_000));
        // What anybody may send must not end the receiver's process.
        for (const name of ["content-digest", "signature", "signature-input"]) {{
            const {{ [name]: removed, ...headers }} = given[0];
            const other = {{ ...headers, [name]: "sig2=:AA==:" }};
            console.log(isGenuine(headers, ...given.slice(1)), isGenuine(other, ...given.slice(1)));
        }}
    """
    program = page_code("js", url, public_keys()) + asked
    done = subprocess.run(
        ["node", "--input-type=module"], input=program, capture_output=True, text=True, check=True
    )
    assert done.stdout == "true false false\n" + 3 * "false false\n"


async def test_b_10_an_attempt_whose_process_is_killed_is_made_again(pushing: Pushing) -> None:
    name = await pushing.add("labo")
    pushing.receiver.hang.add("/labo")
    await pushing.receiver.start()
    sent = await pushing.publish()
    process = pushing.system.spawn("push", **pushing.settings)
    await eventually(lambda: pushing.receiver.posts, 60, why="the first attempt")
    process.kill()
    pushing.clock.catch_up()
    pushing.receiver.hang.clear()
    pushing.receiver.released.set()
    # Instead of the minute for which the killed process had the delivery.
    ended = "UPDATE deliveries SET lease_until = clock_timestamp() - interval '1 s'"
    await pushing.database.execute(ended)
    async with pushing.running():
        row = await pushing.until(name, state="delivered")
    assert row["attempts"] == 1
    assert [json.loads(one.body)["id"] for one in pushing.receiver.posts] == [sent, sent]


#: What each receiver answers, and what becomes of the event; None for no answer.
ANSWERS = {
    "fine": (202, "delivered", ""),
    "redirect": (307, "waiting", ""),
    "refusing": (400, "waiting", ""),
    "gone": (410, "failed", ""),
    "busy": (503, "waiting", ""),
    "slow": (None, "waiting", "no answer in time"),
    "literal": (None, "waiting", "address not allowed"),
    "inside": (None, "waiting", "address not allowed"),
    "stranger": (None, "waiting", "TLS failed"),
}


async def test_b_10_each_answer_has_its_consequence_and_no_receiver_delays_another(
    pushing: Pushing,
) -> None:
    receiver, port = pushing.receiver, pushing.receiver.port
    receiver.headers |= {"Location": f"{receiver.url}/fine", "Retry-After": "600"}
    receiver.answers |= {f"/{word}": status or 200 for word, (status, *_) in ANSWERS.items()}
    receiver.hang.add("/slow")
    await receiver.start()
    elsewhere = {
        "literal": f"https://127.0.0.2:{port}/literal",
        "inside": f"https://inside.example:{port}/inside",
        # The certificate is for localhost.
        "stranger": f"https://127.0.0.1:{port}/stranger",
    }
    names = {word: await pushing.add(word, elsewhere.get(word)) for word in ANSWERS}
    # What is no event of ours, in the queue of one of them.
    admin = await aio_pika.connect(pushing.system.broker.admin_url)
    channel = await admin.channel()
    queue = f"{names['fine']}.events"
    await channel.default_exchange.publish(aio_pika.Message(b"{}"), routing_key=queue)
    await pushing.publish()
    with written_log() as log:
        async with pushing.running():
            for word, (status, state, reason) in ANSWERS.items():
                row = await pushing.until(
                    names[word], state=state, attempts=1, status=status, reason=reason
                )
                if status in (307, 400, 503):
                    assert row["next_at"] == pushing.clock() + timedelta(seconds=600)
            # One that is refused keeps no other waiting; one that is unavailable does.
            await pushing.publish()
            for word, attempts in (("fine", 1), ("refusing", 1), ("busy", 0), ("slow", 0)):

                async def tried(word: str = word, attempts: int = attempts) -> bool:
                    rows = await pushing.rows(names[word])
                    return sorted(row["attempts"] for row in rows) == sorted([1, attempts])

                await eventually(tried, 10, why=word)
    came = {one.path for one in receiver.posts}
    assert came == {"/fine", "/redirect", "/refusing", "/gone", "/busy", "/slow"}
    assert len(receiver.to("/fine")) == 2
    dead = await channel.declare_queue(f"{names['fine']}.dead", passive=True)
    assert dead.declaration_result.message_count == 1
    await admin.close()
    assert "push_unreadable" in log.getvalue()
    assert "pierre@labo.example" not in log.getvalue()


async def test_b_10_an_event_that_cannot_be_stored_holds_no_other_up(pushing: Pushing) -> None:
    """No text of PostgreSQL has the character 0; a type is compared with the key it came under."""
    name = await pushing.add("labo")
    await pushing.receiver.start()
    channel = await pushing.broker.channel()
    exchange = await channel.get_exchange(EVENTS, ensure=False)
    for wrong in ("registration.A\0.v1", "registration.Other.v1"):
        message_id, body = wrap("registration", created(), subject=None, now=pushing.clock())
        changed = json.dumps({**json.loads(body), "type": wrong}).encode()
        message = aio_pika.Message(changed, message_id=message_id, user_id="registration")
        await exchange.publish(message, routing_key=AccountCreated.TYPE)
    sent = await pushing.publish()
    admin = await aio_pika.connect(pushing.system.broker.admin_url)
    asking = await admin.channel()

    async def refused() -> bool:
        dead = await asking.declare_queue(f"{name}.dead", passive=True)
        return dead.declaration_result.message_count == 2

    async with pushing.running():
        row = await pushing.until(name, state="delivered")
        await eventually(refused, 20, why="two dead letters")
    await admin.close()
    assert str(row["message_id"]) == sent


async def test_b_10_an_operator_makes_lists_replays_and_removes(pushing: Pushing) -> None:
    """Given up after three days; posted again one by one, then all; gone with the partner."""
    name, url = pushing.name("labo"), f"{pushing.receiver.url}/labo"
    words = ("add", name, "--hears", AccountCreated.TYPE, "--push", url)
    code, out, err = pushing.impex(*words)
    assert (code, url in out, "password" in out, "impex partner keys" in out) == (
        0,
        True,
        False,
        True,
    ), err
    admin, vhost = pushing.system.broker.admin, pushing.system.broker.vhost
    rights = {one["user"]: one for one in admin.call("GET", f"vhosts/{vhost}/permissions")}
    assert rights["push"]["read"].endswith(f"|^({re.escape(name)}\\.events)$")
    assert {rights[name][kind] for kind in ("configure", "write", "read")} == {"^$"}
    pushing.receiver.answers["/labo"] = 500
    await pushing.receiver.start()
    sent = {await pushing.publish() for _ in range(3)}
    first = min(sent)
    await pushing.reject_one(name)
    code, out, err = pushing.impex("dead", "replay", name, "--all")
    assert code == 0, f"{out}{err}"
    async with pushing.running():
        await pushing.until(name, attempts=1, status=500)
        pushing.clock.advance(hours=72.1)
        await pushing.until(name, state="failed")
        pushing.receiver.answers.clear()
        code, out, _ = pushing.impex("deliveries", name, "--state", "failed", "--json")
        assert {one["message_id"] for one in json.loads(out)} == sent
        listed, table = _listed(pushing)
        assert (listed["waiting"], listed["dead"]) == (0, 3)
        assert listed["pushed"] == {"waiting": 0, "given_up": 3}
        assert "0 wait to be posted, 3 were given up" in table
        code, out, _ = pushing.impex("remove", name)
        assert code == 1
        assert "given up: 3 messages will be lost" in out
        assert "No message waits" not in out
        before = len(pushing.receiver.posts)
        code, _, err = pushing.impex("deliveries", name, "--replay", first)
        assert (code, "delivery_replayed" in err, first in err) == (0, True, True)
        pushing.clock.catch_up()
        await eventually(lambda: len(pushing.receiver.posts) == before + 1, 20)
        assert json.loads(pushing.receiver.posts[-1].body)["id"] == first
        code, out, _ = pushing.impex("deliveries", name, "--all-failed")
        assert (code, out) == (0, f"2 events are posted to {name} again.\n")
        code, out, _ = pushing.impex("deliveries", name, "--all-failed")
        assert (code, out) == (1, f"0 events are posted to {name} again.\n")
        pushing.clock.catch_up()
        await pushing.until(name, state="delivered")
        assert sent <= {*pushing.impex("deliveries", name)[1].split()}
        assert (
            json.loads(pushing.impex("keys", "--json")[1])[0]["public_key"] == public_keys()["t1"]
        )
        for words in (("deliveries", name, "--replay", new_id()), ("deliveries", "nobody")):
            code, out, err = pushing.impex(*words)
            assert (code, out, err.count("\n")) == (1, "", 1), words
        assert pushing.impex("remove", name, "--yes")[0] == 0
    assert await pushing.rows(name) == []
    assert await pushing.database.fetchval("SELECT count(*) FROM receivers") == 0
    assert name not in pushing.system.broker.admin.users()


async def test_a_list_of_partners_counts_what_waits_to_be_posted(pushing: Pushing) -> None:
    """Or says that it is not known, without the database."""
    name = await pushing.add("labo")
    for _ in range(2):
        await pushing.publish()

    async def both_wait() -> bool:
        # The second is not tried where the first has failed before it was stored.
        return [row["state"] for row in await pushing.rows(name)] == ["waiting"] * 2

    async with pushing.running():
        await eventually(both_wait)
    listed, table = _listed(pushing)
    assert (listed["waiting"], listed["dead"]) == (2, 0)
    assert "2 wait to be posted, 0 were given up" in table
    away = {"IMPEX_PUSH_DATABASE_URL": f"postgresql://push@127.0.0.1:{free_port()}/impex"}
    listed, table = _listed(pushing, **away)
    assert (listed["waiting"], listed["dead"], listed["pushed"]) == (None, None, None)
    assert "what waits to be posted is not known: " in table


def _listed(pushing: Pushing, **settings: str) -> tuple[dict[str, Any], str]:
    """The only partner as `impex partner list` has it, for programs and for people."""
    code, out, err = pushing.impex("list", "--json", **settings)
    assert code == 0, err
    (one,) = json.loads(out)
    code, table, err = pushing.impex("list", **settings)
    assert code == 0, err
    return one, table


async def test_addresses_follow_the_files_and_old_deliveries_are_purged(
    pushing: Pushing,
) -> None:
    path = write(partner("labo", [AccountCreated.TYPE], push="https://labo.example/"))
    record_receivers(pushing.system.database.owner_url)
    assert await store.read_receivers(pushing.database) == {"labo": "https://labo.example/"}
    now = utc_now()
    await pushing.database.execute(
        """
        INSERT INTO deliveries (partner, delivery_id, message_id, type, body, said_at, received_at,
            state, expires_at, ended_at)
        SELECT 'labo', gen_random_uuid(), gen_random_uuid(), 't', '', $1, $1, state, $1,
            $1::timestamptz - make_interval(days => days)
        FROM (VALUES ('delivered', 6), ('delivered', 8), ('failed', 29), ('failed', 31))
            AS old (state, days)
        """,
        now,
    )
    assert await store.purge(pushing.database, now) == 2
    path.unlink()
    record_receivers(pushing.system.database.owner_url)
    assert await store.read_receivers(pushing.database) == {}
    assert len(await pushing.rows("labo")) == 2
