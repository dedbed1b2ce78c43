"""Codes of agents that go with requests: mfa's proof of each counts for one request, once (SE-09).

What the desk says of a code is not believed: only mfa signs a proof, over the agent, the request as
it is (without sealed fields) and the moment.
"""

from datetime import datetime

from services.support import code_proof_store
from services.support.deps import Deps
from shared.contracts.support.coded import CodedRequest
from shared.messaging.handlers import RequestContext
from shared.messaging.rpc_codec import request_digest
from shared.runtime.telemetry import get_logger
from shared.security.code_proofs import CODE_LIFETIME, read_proof

log = get_logger("support")


async def accepted_at(request: CodedRequest, context: RequestContext[Deps]) -> datetime | None:
    """When mfa accepted the code that goes with a request; None without one.

    The code is used up with the transaction: what is refused later may be asked with it again.
    """
    if not request.code_proof:
        return None
    proof = read_proof(context.deps.settings.code_proof_keys, request.code_proof)
    why = ""
    if proof is None:
        why = "not signed by mfa"
    elif proof.account_id != request.agent_id:
        why = "of another agent"
    elif proof.about != request_digest(request):
        why = "for another request"
    elif not await code_proof_store.use(
        context.tx, proof.nonce, proof.accepted_at + 2 * CODE_LIFETIME
    ):
        why = "used already"
    if why or proof is None:
        log.warning(
            "A proof of a code was refused.",
            action="code_proof_refused",
            agent=request.agent_id,
            reason=why,
        )
        return None
    return proof.accepted_at
