"""The mailer's settings: its three addresses, the mail server, the schedule, the templates."""

import re
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.mailer.messages import Messages
from services.mailer.page_settings import PageSettings
from shared.domain.brand import BrandSettings
from shared.security.connection_urls import is_loopback
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import (
    Problem,
    amqp_url_of,
    database_url_of,
    desk_base_url_setting,
    health_port_of,
    setting,
)

#: Where the try-out's mail catcher listens.
TRY_OUT_SMTP = "smtp://127.0.0.1:1025"
SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def validate_smtp_url(url: str) -> str | None:
    """Why this cannot be the address of a mail server, or None."""
    sentence = "must be smtp://, smtp+starttls:// or smtps:// with a host, and a port if unusual"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return sentence
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path not in ("", "/"):
        return sentence
    if (parts.username is None) != (parts.password is None):
        return "must give the login as user:password, or neither"
    return None


def validate_retry_schedule(minutes: tuple[str, ...]) -> str | None:
    """Why this cannot be a retry schedule, or None."""
    if not minutes or not all(each.isdecimal() and 1 <= int(each) <= 1440 for each in minutes):
        return "must be whole minutes from 1 to 1440, such as 1,5,30"
    return None


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """The mail server in parts. `security` is `none`, `starttls` or `tls`.

    `greeting` is our name in EHLO; the timeouts are in seconds, of one command and of the answer to
    a whole message.
    """

    host: str
    port: int
    security: str = "none"
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    greeting: str = "localhost"
    timeout: float = 30
    final_timeout: float = 300

    def __repr__(self) -> str:
        return f"<mail server {self.host}:{self.port}>"


@dataclass(frozen=True, kw_only=True)
class MailerSettings(PageSettings):
    """The settings of the mailer."""

    database_url: str = database_url_of("mailer")
    amqp_url: str = amqp_url_of("mailer")
    health_port: int = health_port_of("mailer")
    desk_base_url: str = desk_base_url_setting()
    seal_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_MAILER",
        doc="Private keys that open what is sealed for the mailer.",
        secret=True,
    )
    gateway_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        doc="Public keys that seal what is held about a person for the gateway.",
        secret=True,
    )
    support_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        doc="Public keys that seal what is held about a person for the desk.",
        secret=True,
    )
    not_me_keys: KeyRing = setting(
        "IMPEX_DISAVOWAL_KEYS", doc="Keys that sign « ce n'est pas moi » links.", secret=True
    )
    smtp_url: str = setting(
        "IMPEX_SMTP_URL",
        default=TRY_OUT_SMTP,
        doc="The mail server: smtps:// or smtp+starttls://user:password@host:port; "
        "smtp:// on the same machine only.",
        valid=validate_smtp_url,
        secret=True,
    )
    smtp_ca_file: Path | None = setting(
        "IMPEX_SMTP_CA_FILE",
        default=None,
        doc="Certificate authority for the mail server's certificate, instead of the system's.",
        default_doc="the system's authorities",
    )
    smtp_timeout: int = setting(
        "IMPEX_SMTP_TIMEOUT",
        default=30,
        doc="Time limit of one command to the mail server.",
        unit="seconds",
        between=(1, 300),
    )
    smtp_final_timeout: int = setting(
        "IMPEX_SMTP_FINAL_TIMEOUT",
        default=300,
        doc="Time limit of its answer to a whole message; too short a limit leaves mails in doubt.",
        unit="seconds",
        between=(1, 900),
    )
    smtp_connections: int = setting(
        "IMPEX_SMTP_CONNECTIONS",
        default=4,
        doc="Maximum number of connections to the mail server.",
        between=(1, 50),
    )
    mail_retry: tuple[str, ...] = setting(
        "IMPEX_MAIL_RETRY",
        default=("1", "5", "30"),
        doc="Minutes before each new attempt for a deferred mail; hourly afterwards.",
        valid=validate_retry_schedule,
    )
    mail_give_up: int = setting(
        "IMPEX_MAIL_GIVE_UP",
        default=96,
        doc="How long a mail is attempted; one with a code, until that code expires.",
        unit="hours",
        between=(1, 240),
    )
    mail_lease: int = setting(
        "IMPEX_MAIL_LEASE",
        default=8,
        doc="How long after a mailer's last heartbeat another one takes over its deliveries.",
        unit="seconds",
        between=(2, 600),
    )
    mail_keep: int = setting(
        "IMPEX_MAIL_KEEP",
        default=30,
        doc="Retention of a mail's record after the end of its delivery.",
        unit="days",
        between=(1, 365),
    )
    templates_dir: Path | None = setting(
        "IMPEX_MAIL_TEMPLATES_DIR",
        default=None,
        doc="Directory of mail templates that replace built-in ones of the same name.",
        default_doc="built-in ones only",
    )

    @property
    def mail_server(self) -> MailServer:
        """`smtp_url` in parts, with what else a connection to it needs."""
        parts = urlsplit(self.smtp_url)
        return MailServer(
            host=parts.hostname or "",
            port=parts.port or SCHEMES[parts.scheme],
            security={"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ca_file=self.smtp_ca_file,
            greeting=self.instance if _HOST_NAME.fullmatch(self.instance) else "localhost",
            timeout=self.smtp_timeout,
            final_timeout=self.smtp_final_timeout,
        )

    @property
    def retry_schedule(self) -> tuple[timedelta, ...]:
        """`mail_retry` as durations."""
        return tuple(timedelta(minutes=int(each)) for each in self.mail_retry)

    def messages(self) -> Messages:
        """The builder of mails for these settings."""
        return Messages(
            self.brand, self.base_url, self.templates_dir, self.desk_base_url, self.moved_pages
        )

    def check(self) -> list[Problem]:
        """Plain SMTP stays on the machine (CR-05), files exist, an operator's templates work."""
        problems: list[Problem] = []
        smtp = urlsplit(self.smtp_url)
        # In the try-out also to a mail catcher on another machine, without a login.
        plain_allowed = is_loopback(smtp.hostname or "") or (self.try_out and not smtp.username)
        if not self.try_out and self.smtp_url == TRY_OUT_SMTP:
            problems.append(("IMPEX_SMTP_URL", "is required off the loopback address"))
        elif smtp.scheme == "smtp" and not plain_allowed:
            problems.append(
                ("IMPEX_SMTP_URL", "must be smtp+starttls:// or smtps:// to another machine")
            )
        if self.smtp_ca_file is not None:
            try:
                ssl.create_default_context(cafile=self.smtp_ca_file)
            except OSError as error:
                sentence = f"is no file of certificates: {error.strerror or error}"
                problems.append(("IMPEX_SMTP_CA_FILE", sentence))
        if self.templates_dir is not None and not self.templates_dir.is_dir():
            problems.append(("IMPEX_MAIL_TEMPLATES_DIR", "is not a directory"))
        elif self.templates_dir is not None and not any(BrandSettings.check(self)):
            # Ours alone are what the tests have tried.
            problems += [("IMPEX_MAIL_TEMPLATES_DIR", each) for each in self.messages().check()]
        return problems
