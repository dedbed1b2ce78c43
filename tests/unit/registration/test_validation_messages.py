"""What registration hears of mails."""

from datetime import UTC, datetime

import pytest

from services.mailer.mail_templates import KNOWN_ACCOUNT, TEMPLATES, VALIDATION
from services.registration.handlers.validation_messages import is_of_a_request
from shared.contracts.mailer import MailAccepted


@pytest.mark.parametrize("template", TEMPLATES)
def test_b_01_only_mails_of_requests_change_what_a_page_shows_of_them(template: str) -> None:
    """Every mail that the events of a request cause, and none else."""
    event = MailAccepted(mail_id="m", cause="c", template=template, at=datetime.now(UTC))
    assert is_of_a_request(event) == (template in (VALIDATION.name, KNOWN_ACCOUNT.name))
