"""The settings of every service, for the desk's page."""

import msgspec

from shared.contracts.base import Reply, Request, request
from shared.contracts.settings import SettingRow
from shared.contracts.support.acts import OWNER


class ServiceSettingRows(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that one service runs with."""

    service: str
    rows: tuple[SettingRow, ...]


class AllSettingsView(Reply, frozen=True, kw_only=True):
    """Those of the services that answered; `away` did not."""

    services: tuple[ServiceSettingRows, ...]
    away: tuple[str, ...] = ()


@request(OWNER, AllSettingsView, changes=False)
class ListSettings(Request, frozen=True, kw_only=True):
    """The settings of every service, without anything secret. Refused with `forbidden`."""

    agent_id: str
