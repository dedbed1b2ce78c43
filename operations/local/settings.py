"""Settings of the launcher."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.settings import CommonSettings, Problem, setting


@dataclass(frozen=True, kw_only=True)
class StackSettings(CommonSettings):
    """What `make up` reads besides the settings that it hands on to the services."""

    database_url: str | None = setting(
        "IMPEX_DATABASE_URL",
        default=None,
        secret=True,
        doc="A PostgreSQL of your own, as an administrator; without it a private one is started.",
    )
    amqp_url: str | None = setting(
        "IMPEX_AMQP_URL",
        default=None,
        secret=True,
        doc="A RabbitMQ of your own, as an administrator; without it a private one is started.",
    )
    management_url: str | None = setting(
        "IMPEX_AMQP_MANAGEMENT_URL",
        default=None,
        secret=True,
        doc="Management API of that RabbitMQ, with the administrator's login.",
        default_doc="port 15672 of the host of IMPEX_AMQP_URL",
    )
    smtp_url: str | None = setting(
        "IMPEX_SMTP_URL",
        default=None,
        secret=True,
        doc="A mail server of your own; without it the mail catcher is started.",
    )
    port: int = setting(
        "IMPEX_GATEWAY_PORT",
        default=8080,
        doc="Port of the portal; if it is taken, a free one is used and printed.",
        between=(1, 65_535),
    )
    catcher_port: int = setting(
        "IMPEX_CATCHER_PORT",
        default=1080,
        doc="Port of the mail catcher's page; if it is taken, a free one is used and printed.",
        between=(1, 65_535),
    )

    def management(self) -> str:
        """The management API that belongs to `amqp_url`; empty without that."""
        if not self.amqp_url:
            return ""
        if self.management_url:
            return self.management_url
        parts = urlsplit(self.amqp_url)
        scheme, port = ("https", 15671) if parts.scheme == "amqps" else ("http", 15672)
        login = parts.netloc.rpartition("@")[0]
        return f"{scheme}://{login + '@' if login else ''}{parts.hostname}:{port}"

    def check(self) -> list[Problem]:
        """The management API has an HTTP address."""
        url = self.management_url
        if url is not None and urlsplit(url).scheme not in ("http", "https"):
            return [("IMPEX_AMQP_MANAGEMENT_URL", "must start with http:// or https://")]
        return []
