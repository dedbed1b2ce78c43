"""Settings of the mailer check our own templates once, not anew for each test."""

import pytest

from tests.support.mail.checked_once import check_templates_once


@pytest.fixture(autouse=True)
def _templates_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_templates_once(monkeypatch)
