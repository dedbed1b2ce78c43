"""The settings of a service as others see them: no secret, no key, no login."""

from dataclasses import dataclass

from services.support.settings import SupportSettings
from shared.runtime.settings_view import setting_rows
from shared.settings import load, setting
from tests.support.harness.support_settings import KEYS, URLS, settings


@dataclass(frozen=True, kw_only=True)
class Settings:
    days: int = setting("IMPEX_X_DAYS", default=3, doc="Days.", unit="days")
    on: bool = setting("IMPEX_X_ON", default=False, doc="On.")
    names: tuple[str, ...] = setting("IMPEX_X_NAMES", default=(), doc="Names.")
    server: str = setting("IMPEX_X_SERVER", default="smtp://mail", doc="Server.")
    word: str = setting("IMPEX_X_WORD", doc="Word.", secret=True)
    public: str = setting("IMPEX_X_SEAL_KEYS", doc="Public keys.")


def test_values_defaults_and_what_differs() -> None:
    made = Settings(days=4, on=True, names=("a", "b"), word="w", public="k")
    rows = {row.name: row for row in setting_rows(made)}
    assert (rows["IMPEX_X_DAYS"].value, rows["IMPEX_X_DAYS"].default) == ("4", "3")
    assert rows["IMPEX_X_DAYS"].unit == "days"
    assert (rows["IMPEX_X_ON"].value, rows["IMPEX_X_NAMES"].value) == ("true", "a,b")
    assert [row.name for row in rows.values() if row.changed] == [
        "IMPEX_X_DAYS",
        "IMPEX_X_ON",
        "IMPEX_X_NAMES",
    ]
    assert rows["IMPEX_X_SERVER"].value == "smtp://mail"


def test_lg_03_secrets_keys_and_logins_are_only_set_or_not() -> None:
    made = Settings(server="smtp://bot:pass-7@mail", word="word-7", public="key-7")
    rows = setting_rows(made)
    assert {row.name for row in rows if row.secret} == {
        "IMPEX_X_SERVER",
        "IMPEX_X_WORD",
        "IMPEX_X_SEAL_KEYS",
    }
    assert all(row.is_set for row in rows if row.secret)
    for secret in ("pass-7", "word-7", "key-7", "bot"):
        assert secret not in str(rows)


def test_lg_03_nothing_secret_of_a_real_service_is_shown() -> None:
    shown = str(setting_rows(settings()))
    for name, value in {**KEYS, **URLS}.items():
        assert value not in shown, name
    assert load(SupportSettings, {**URLS, **KEYS}).request_days == 730
