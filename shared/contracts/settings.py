"""What the desk asks every service: the settings that it runs with, without anything secret."""

from collections.abc import Mapping

import msgspec

from shared.contracts.base import Reply, Request, request


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `value` and `default` are as in the environment; both are empty where `secret`,
    of which only `is_set` is known. `default` is empty too where there is none. `meaning` is
    English, as in the documents.
    """

    name: str
    value: str
    default: str
    unit: str
    meaning: str
    secret: bool
    is_set: bool
    changed: bool


class SettingsView(Reply, frozen=True, kw_only=True):
    """The settings of one service, in the order of its documents."""

    rows: tuple[SettingRow, ...]


@request("registration", SettingsView, changes=False)
class DescribeRegistrationSettings(Request, frozen=True, kw_only=True):
    """The settings that registration runs with; of secrets only whether they are set."""


@request("mailer", SettingsView, changes=False)
class DescribeMailerSettings(Request, frozen=True, kw_only=True):
    """The settings that mailer runs with; of secrets only whether they are set."""


@request("mfa", SettingsView, changes=False)
class DescribeMfaSettings(Request, frozen=True, kw_only=True):
    """The settings that mfa runs with; of secrets only whether they are set."""


@request("profile", SettingsView, changes=False)
class DescribeProfileSettings(Request, frozen=True, kw_only=True):
    """The settings that profile runs with; of secrets only whether they are set."""


@request("dossiers", SettingsView, changes=False)
class DescribeDossiersSettings(Request, frozen=True, kw_only=True):
    """The settings that dossiers runs with; of secrets only whether they are set."""


@request("gateway", SettingsView, changes=False)
class DescribeGatewaySettings(Request, frozen=True, kw_only=True):
    """The settings that gateway runs with; of secrets only whether they are set."""


@request("operations", SettingsView, changes=False)
class DescribeOperationsSettings(Request, frozen=True, kw_only=True):
    """The settings that operations runs with; of secrets only whether they are set."""


@request("push", SettingsView, changes=False)
class DescribePushSettings(Request, frozen=True, kw_only=True):
    """The settings that push runs with; of secrets only whether they are set."""


#: The request by the service that answers it.
DESCRIBE_SETTINGS: Mapping[str, type[Request]] = {
    one.OWNER: one
    for one in (
        DescribeRegistrationSettings,
        DescribeMailerSettings,
        DescribeMfaSettings,
        DescribeProfileSettings,
        DescribeDossiersSettings,
        DescribeGatewaySettings,
        DescribeOperationsSettings,
        DescribePushSettings,
    )
}
