"""Requests of agents that bear on access: each goes with a code of the second factor."""

from datetime import datetime

from shared.contracts.base import Request


class CodedRequest(Request, frozen=True, kw_only=True):
    """A request that an agent gave a code for.

    `code_proof` is mfa's proof that it accepted a code of this agent for this very request, a few
    minutes ago at most (`shared.security.code_proofs`). Without one that counts, what needs a code
    is refused with `code_needed`. Earlier desks said in `code_at` when a code was given: nothing
    believes that any more.
    """

    agent_id: str
    code_proof: str = ""
    code_at: datetime | None = None
