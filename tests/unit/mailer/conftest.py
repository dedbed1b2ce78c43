"""What the tests of mails share."""

import pytest

from services.mailer import messages
from services.mailer.mail_templates import TEMPLATES

#: What the tests of `few_mails` write, and mails before and after it.
FEW = ("validation", "recovery_code_used", "password_changed", "account_deactivated")


@pytest.fixture
def few_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start checks these mails only. All of them, in each case, take seconds: the tests without
    this fixture have them checked.
    """
    few = {name: template for name, template in TEMPLATES.items() if name in FEW}
    assert len(few) == len(FEW)
    monkeypatch.setattr(messages, "TEMPLATES", few)
