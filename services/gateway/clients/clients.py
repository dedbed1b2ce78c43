"""The other services, one typed client each, under one app key."""

from dataclasses import dataclass

from aiohttp import web

from services.gateway.clients import (
    address_change,
    auth,
    data_export,
    dossiers,
    mfa,
    profile,
    registration,
)
from shared.contracts.base import Request


@dataclass(frozen=True)
class Clients:
    """One client for each service."""

    registration: registration.Registration
    auth: auth.AuthClient
    address_change: address_change.AddressChangeClient
    mfa: mfa.MfaClient
    profile: profile.Profile
    dossiers: dossiers.Dossiers
    data_export: data_export.DataExportClient


CLIENTS = web.AppKey("clients", Clients)

#: Every request that the gateway sends.
CALLS: tuple[type[Request], ...] = (
    *registration.CALLS,
    *auth.CALLS,
    *address_change.CALLS,
    *mfa.CALLS,
    *profile.CALLS,
    *dossiers.CALLS,
    *data_export.CALLS,
)
