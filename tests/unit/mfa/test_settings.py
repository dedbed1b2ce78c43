"""Settings of the mfa service: defaults, bounds, no key in a repr."""

import pytest

from services.mfa.settings import MfaSettings
from shared.domain.brand import BrandSettings
from shared.errors import ConfigurationError
from shared.settings import specs
from tests.support.harness.mfa_settings import KEYS, settings


def test_defaults() -> None:
    default = settings()
    assert (default.service_name, default.totp_window, default.recovery_codes) == (
        "IMPEXWEB",
        1,
        True,
    )
    assert default.enrol_minutes == 30
    throttle = default.throttle
    assert (throttle.free, throttle.first_wait, throttle.cap, throttle.ceiling) == (5, 90, 3600, 25)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMPEX_TOTP_WINDOW", "2"),
        ("IMPEX_TOTP_WINDOW", "-1"),
        ("IMPEX_ENROL_MINUTES", "4"),
        ("IMPEX_ENROL_MINUTES", "61"),
        ("IMPEX_CODE_FREE_TRIES", "0"),
        ("IMPEX_CODE_FREE_TRIES", "11"),
        ("IMPEX_CODE_WAIT", "60"),
        ("IMPEX_CODE_WAIT", "3601"),
        ("IMPEX_CODE_WAIT_CAP", "60"),
        ("IMPEX_CODE_WAIT_CAP", "86401"),
        ("IMPEX_CODES_PER_DAY", "4"),
        ("IMPEX_CODES_PER_DAY", "101"),
        ("IMPEX_SERVICE_NAME", "IMPEX: essai"),
        ("IMPEX_SERVICE_NAME", "x" * 65),
        ("IMPEX_SERVICE_NAME", " "),
        ("IMPEX_SERVICE_NAME", "a\tb"),
        ("IMPEX_TOTP_KEYS", "k1:short"),
    ],
)
def test_a_value_out_of_bounds_is_reported(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**{name: value})
    assert name in {problem[0] for problem in caught.value.problems}


def test_the_first_wait_must_not_exceed_the_longest() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(IMPEX_CODE_WAIT="120", IMPEX_CODE_WAIT_CAP="119")
    assert [problem[0] for problem in caught.value.problems] == ["IMPEX_CODE_WAIT"]
    assert settings(IMPEX_CODE_WAIT="120", IMPEX_CODE_WAIT_CAP="120").code_wait == 120


def test_no_key_is_used_twice() -> None:
    with pytest.raises(ConfigurationError):
        settings(IMPEX_RECOVERY_KEYS=KEYS["IMPEX_TOTP_KEYS"])


def test_the_issuer_is_the_name_of_the_brand() -> None:
    ours, theirs = (
        {spec.name: (field.default, spec.doc) for field, spec in specs(cls)}["IMPEX_SERVICE_NAME"]
        for cls in (MfaSettings, BrandSettings)
    )
    assert ours == theirs


def test_cr_07_no_key_is_shown() -> None:
    assert "postgresql" not in repr(settings())
    assert "t1:" not in repr(settings())
