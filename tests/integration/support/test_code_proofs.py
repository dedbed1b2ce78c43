"""What a compromised desk says of an agent's code is not believed (SE-09): only mfa's proof of it,
for that agent and that request, once."""

from dataclasses import replace

import msgspec
import pytest

from services.support import code_proof_store
from shared.contracts.support.proposals import ApproveProposal
from shared.database import transaction
from shared.security.sealing import KeyRing, new_key
from tests.integration.support.test_acts import (
    OTHER_ACCOUNT,
    approval,
    change_of_address,
    proposal,
    state,
)
from tests.support.harness.support import SupportHarness

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_se_09_a_proof_counts_for_its_agent_and_its_request_once(
    harness: SupportHarness,
) -> None:
    first, second = await harness.joined("a@ansm.example"), await harness.joined("b@ansm.example")
    view = await change_of_address(harness, first)
    other = await harness.ask(proposal(harness, first, "unblock_account", account_id=OTHER_ACCOUNT))
    plain = ApproveProposal(agent_id=second.id, proposal_id=view.proposal_id)
    good = harness.coded(plain)
    for_other = approval(harness, second, other).code_proof
    head, key_id, signature = good.code_proof.rsplit(".", 2)
    wrong = {
        "none": "",
        "invented": "1.2.3",
        "altered": f"{head}.{key_id}.{'A' * len(signature)}",
        "of a colleague": harness.coded(plain, agent_id=first.id).code_proof,
        "for another act": for_other,
    }
    for name, proof in wrong.items():
        form = msgspec.structs.replace(plain, code_proof=proof)
        assert await harness.outcome(form) == "code_needed", name
    # Signed with a key that is the desk's own at best.
    foreign = harness.deps
    settings = replace(foreign.settings, code_proof_keys=KeyRing.parse(new_key()))
    harness.deps = replace(foreign, settings=settings)
    forged = harness.coded(plain)
    harness.deps = foreign
    assert await harness.outcome(forged) == "code_needed"
    assert await state(harness, view) == "proposed"
    assert await harness.outcome(good) == "done"
    assert await harness.outcome(approval(harness, second, other)) == "done"


async def test_se_09_a_code_that_was_used_opens_no_second_act(harness: SupportHarness) -> None:
    first = await harness.joined("a@ansm.example")
    form = proposal(harness, first, "end_sessions")
    assert await harness.outcome(form) == "done"
    assert await harness.outcome(form) == "code_needed"
    assert await harness.outcome(proposal(harness, first, "end_sessions")) == "done"


async def test_se_09_used_proofs_are_forgotten_when_they_are_too_old(
    harness: SupportHarness,
) -> None:
    first = await harness.joined("a@ansm.example")
    await harness.ask(proposal(harness, first, "end_sessions"))
    for minutes, left in ((9, 1), (2, 0)):
        harness.advance(minutes=minutes)
        async with transaction(harness.pool) as tx:
            await code_proof_store.purge(tx, harness.now)
        assert await harness.count("used_code_proofs") == left
