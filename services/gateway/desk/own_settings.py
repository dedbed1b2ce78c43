"""The settings that the desk itself runs with, as its page shows them."""

from aiohttp import web

from shared.contracts.settings import SettingRow

OWN_SETTINGS = web.AppKey("own_settings", tuple[SettingRow, ...])
