"""The subject of a stored answer: a change of its credentials or state deletes the answer."""

import pytest

from shared.contracts.base import Refusal, Reply, Request, Sealed
from shared.contracts.registration.requests import CancelRequest, CheckPassword, SignIn
from shared.contracts.registration.views import Done, SignInView
from shared.messaging.handlers import RefusalReply
from shared.outbox.replies import subject_of

BOX = Sealed(recipient="registration", key_id="k1", box="AAAA")
SIGN_IN = SignIn(address="a@b.fr", password=BOX, network="192.0.2.0/24")
CHECK = CheckPassword(account_id="a", password=BOX)
REFUSED = RefusalReply(refusal=Refusal(slug="wrong"))


@pytest.mark.parametrize(
    ("request_", "reply", "subject"),
    [
        (CHECK, Done(), "a"),
        (CHECK, REFUSED, "a"),
        (CancelRequest(request_id="r"), Done(), "r"),
        (SIGN_IN, SignInView(due="account", account_id="a"), "a"),
        (SIGN_IN, SignInView(due="request", request_id="r"), "r"),
        (SIGN_IN, REFUSED, None),
    ],
)
def test_an_answer_is_stored_under_the_account_or_request_that_it_is_about(
    request_: Request, reply: Reply, subject: str | None
) -> None:
    assert subject_of(request_, reply) == subject
