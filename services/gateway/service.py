"""The composition of the portal: what it opens, and its messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway.account_sessions import find_sessions, list_account_sessions
from services.gateway.app import init_app
from services.gateway.features.support_requests.support_requests import SUPPORT_REQUESTS
from services.gateway.front_end import served
from services.gateway.handlers import (
    account_validated,
    closes,
    ends,
    name_changed,
    sessions_end_ordered,
)
from services.gateway.sessions.presession_store import PRESESSIONS
from services.gateway.sessions.sessions import SESSIONS, Sessions
from services.gateway.settings import GatewaySettings
from shared.contracts import dossiers, mailer
from shared.contracts.base import requests_of
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    MailboxReported,
    MessageWritten,
    SessionClosed,
    SessionOpened,
    SessionsEndedByDesk,
)
from shared.contracts.gateway_desk import ListAccountSessions
from shared.contracts.mfa import requests as mfa
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.profile import requests as profile
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration import holder, recovery_address, resumption
from shared.contracts.registration import requests as registration
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    CredentialsRemoved,
    NameChanged,
    PasswordChanged,
    PasswordResetRequired,
)
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.acts import SessionsEndOrdered
from shared.contracts.support.journal import ListActivity, ListLooks
from shared.contracts.support.lost_phones import DescribeLostPhoneCase, StopLostPhone
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    DescribeMyRequest,
    ExportRequests,
    ListMyRequests,
    ReplyToDesk,
    SendFollowUpLink,
)
from shared.contracts.support.proposals import DescribeObjection, ObjectToAct
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings


@asynccontextmanager
async def build(runtime: Runtime, settings: GatewaySettings) -> AsyncIterator[Sessions]:
    """Serve the portal; events act on its sessions."""
    app = init_app(settings, runtime)
    purges = (app[PRESESSIONS].purge, app[SUPPORT_REQUESTS].purge)
    async with served(app, runtime, settings.host, settings.port, purges):
        yield app[SESSIONS]


SERVICE = Service(
    name="gateway",
    settings=GatewaySettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    asks=(
        *requests_of(registration),
        *requests_of(holder),
        *requests_of(recovery_address),
        *requests_of(resumption),
        *requests_of(profile),
        *requests_of(mfa),
        *requests_of(dossiers),
        *requests_of(mailer),
        ListActivity,
        ListLooks,
        ListMyRequests,
        DescribeMyRequest,
        SendFollowUpLink,
        ReplyToDesk,
        CancelMyRequest,
        ExportRequests,
        DescribeLostPhoneCase,
        StopLostPhone,
        DescribeObjection,
        ObjectToAct,
    ),
    hears=(
        ends(PasswordChanged, lambda event: event.changed_at, "password_changed"),
        # The session that changed the address continues.
        ends(AddressChanged, lambda event: event.changed_at, "address_changed"),
        ends(AuthenticatorReplaced, lambda event: event.replaced_at, "phone_replaced"),
        closes(AuthenticatorRemoved, lambda event: event.removed_at, "phone_removed"),
        closes(AccountFrozen, lambda event: event.frozen_at, "account_frozen"),
        closes(AccountDeactivated, lambda event: event.deactivated_at, "account_deactivated"),
        closes(CredentialsRemoved, lambda event: event.removed_at, "credentials_removed"),
        closes(PasswordResetRequired, lambda event: event.required_at, "password_compromised"),
        hears(SessionsEndOrdered, sessions_end_ordered),
        hears(NameChanged, name_changed),
        hears(AccountValidated, account_validated),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["gateway"], describe_settings),
        answers(ListAccountSessions, list_account_sessions, find_sessions),
    ),
    emits=(
        SessionOpened,
        SessionClosed,
        SessionsEndedByDesk,
        # For the support desk.
        CorrectionRequested,
        DepartureReported,
        MessageWritten,
        MailboxReported,
    ),
)
