"""No secret is readable in the database, the queues or the logs."""

import base64
from typing import Any

from shared.contracts.base import Request
from shared.contracts.mfa.requests import KeepRecoveryCodes
from shared.database import transaction
from shared.messaging.rpc_codec import encode_reply
from tests.support.harness.mfa import ADDRESS, MfaHarness
from tests.support.logs import written_log

DUMP = """
SELECT table_name, query_to_xml(format('SELECT * FROM mfa.%I', table_name), true, true, '')::text
    AS content
FROM information_schema.tables WHERE table_schema = 'mfa'
"""


def forms(secret: str) -> set[str]:
    """The forms in which a secret might appear."""
    plain = secret.replace("-", "")
    raw = base64.b32decode(plain) if len(plain) in (16, 32) and not plain.isdigit() else b""
    found = {secret, plain, plain.lower(), raw.hex(), base64.b64encode(raw).decode()}
    for text in (secret, plain):
        found |= {text.encode().hex(), base64.b64encode(text.encode()).decode().rstrip("=")}
    return {each for each in found if each}


async def test_ot_10_ot_18_no_key_or_code_is_in_a_table_an_event_a_reply_or_a_log(
    harness: MfaHarness,
) -> None:
    secrets: list[str] = []
    replies: list[bytes] = []

    async def ask(request: Request) -> Any:
        reply = await harness.ask(request)
        replies.append(encode_reply(reply))
        return reply

    with written_log("debug") as log:
        account, phone = await harness.enrolled()
        typed = [phone.code(harness.now), harness.wrong_code(phone), phone.code(harness.now, 8)]
        await ask(harness.check(account, typed[0]))
        for wrong in typed[1:]:
            await harness.refusal(harness.check(account, wrong))
        codes = harness.open_codes(await ask(harness.make_codes(account)))
        await ask(KeepRecoveryCodes(account_id=account))
        recovered = await ask(harness.recover(account, codes[0]))
        await harness.refusal(harness.recover(account, codes[0]))
        harness.advance(seconds=30)
        replaced = await ask(harness.replace(account, phone.code(harness.now)))
        for view in (recovered, replaced):
            secrets.append(harness.open(view, "key"))
        await ask(harness.describe(account, replaced.enrolment_id))
        secrets += [phone.key, *codes]
    async with transaction(harness.pool) as tx:
        dump = {row["table_name"]: row["content"] for row in await tx.fetch(DUMP)}
    assert {"authenticators", "enrolments", "recovery_codes", "tries", "outbox"} <= set(dump)
    assert account in dump["authenticators"], "the dump has the rows"
    places = {**dump, "log": log.getvalue(), "replies sent": str(replies)}
    for name, content in places.items():
        lowered = content.lower()
        for secret in secrets:
            for form in forms(secret):
                assert form not in content, name
                assert form.lower() not in lowered, name
        assert ADDRESS not in content, name
    for code in typed:
        assert code not in log.getvalue()
        assert code not in dump["outbox"] + dump["tries"] + dump["replies"]


async def test_ot_18_the_secrets_of_a_reply_are_the_gateways(harness: MfaHarness) -> None:
    account, _phone = await harness.enrolled()
    view = await harness.ask(harness.make_codes(account))
    assert view.codes.recipient == "gateway"
    assert "codes" not in repr(view.codes)
    started = await harness.ask(harness.start("00000000-0000-4000-8000-000000000001"))
    assert {started.key.recipient, started.uri.recipient} == {"gateway"}
