"""The desk's settings: an origin of its own, keys of its own, networks."""

import pytest

from services.gateway.desk.settings import DeskSettings
from shared.errors import ConfigurationError
from shared.security.sealing import new_key
from shared.settings import load

TRY_OUT = {
    "IMPEX_DESK_DATABASE_URL": "postgresql://impex_desk@127.0.0.1/impex",
    "IMPEX_DESK_AMQP_URL": "amqp://desk:x@127.0.0.1/",
    "IMPEX_DESK_SESSION_KEYS": new_key(),
    "IMPEX_SEAL_KEYS_SUPPORT": new_key(),
    "IMPEX_SEAL_KEYS_MFA": new_key(),
    "IMPEX_SEAL_KEYS_DESK": new_key(),
}
PORTAL = "https://portal.agency.example"


def problems(**settings: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as error:
        load(DeskSettings, {**TRY_OUT, **settings})
    return dict(error.value.problems)


def test_the_try_out_needs_keys_and_servers_only() -> None:
    settings = load(DeskSettings, TRY_OUT)
    assert settings.try_out
    assert not settings.secure
    limits = settings.session_limits
    assert (limits.idle.total_seconds(), limits.absolute.total_seconds()) == (15 * 60, 8 * 3600)
    assert settings.networks == ()


@pytest.mark.parametrize(
    ("portal", "desk", "said"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", "must differ from IMPEX_BASE_URL"),
        (PORTAL, PORTAL, "must differ from IMPEX_BASE_URL"),
        (PORTAL, f"{PORTAL}:8443", "must be on another host than IMPEX_BASE_URL"),
        (PORTAL, "http://desk.agency.example", "must be https off the loopback address"),
        (PORTAL, "http://127.0.0.1:8090", "must be https off the loopback address"),
        ("http://127.0.0.1:8080", "http://desk.agency.example", "must be https off the loopback"),
    ],
)
def test_the_desk_has_an_origin_of_its_own(portal: str, desk: str, said: str) -> None:
    """Browsers send cookies to every port of a host."""
    found = problems(IMPEX_BASE_URL=portal, IMPEX_DESK_BASE_URL=desk)
    assert found["IMPEX_DESK_BASE_URL"].startswith(said)


def test_off_loopback_the_desk_demands_what_the_portal_demands() -> None:
    """Also where only the desk is reached from elsewhere."""
    found = problems(IMPEX_DESK_BASE_URL="https://desk.agency.example")
    assert {"IMPEX_UI_THEME", "IMPEX_TRUSTED_PROXIES", "IMPEX_BASE_URL"} <= set(found)
    assert "IMPEX_OPERATOR_NAME" in found


@pytest.mark.parametrize("name", [name for name in TRY_OUT if "KEYS" in name])
def test_keys_are_explicit(name: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(DeskSettings, {key: text for key, text in TRY_OUT.items() if key != name})
    assert list(dict(error.value.problems)) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMPEX_DESK_NETWORKS", "none"),
        ("IMPEX_DESK_NETWORKS", "10.0.0.0/8,agency"),
        ("IMPEX_DESK_PORT", "70000"),
        ("IMPEX_DESK_SESSION_IDLE", "31"),
        ("IMPEX_DESK_SESSION_HOURS", "13"),
        ("IMPEX_DESK_BASE_URL", "desk"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    assert list(problems(**{name: value})) == [name]
