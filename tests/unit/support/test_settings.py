"""Support's settings: how long a lost phone waits without an agent."""

from datetime import timedelta

import pytest

from shared.errors import ConfigurationError
from tests.support.harness.support_settings import settings

PUBLIC = {
    "IMPEX_BASE_URL": "https://impexweb.example.fr",
    "IMPEX_AGENT_DOMAINS": "example.fr",
    "IMPEX_SUPPORT_DATABASE_URL": "postgresql://support:x@db.example.fr/impex?sslmode=verify-full",
    "IMPEX_SUPPORT_AMQP_URL": "amqps://support:x@mq.example.fr/",
}


def test_ot_15_an_agent_is_needed_by_default() -> None:
    assert not settings().lost_phone_alone
    assert settings().lost_phone_alone_period == timedelta(hours=72)


def test_ot_15_off_the_loopback_address_the_delay_is_72_hours_at_least() -> None:
    short = {"IMPEX_LOST_PHONE_ALONE_DELAY": "4319"}
    assert settings(**short, IMPEX_LOST_PHONE_ALONE="true").lost_phone_alone_minutes == 4319
    settings(**PUBLIC, **short)
    settings(**PUBLIC, IMPEX_LOST_PHONE_ALONE="true")
    with pytest.raises(ConfigurationError) as raised:
        settings(**PUBLIC, **short, IMPEX_LOST_PHONE_ALONE="true")
    sentence = "must be at least 4320 off the loopback address (given: 4319)"
    assert raised.value.problems == [("IMPEX_LOST_PHONE_ALONE_DELAY", sentence)]
