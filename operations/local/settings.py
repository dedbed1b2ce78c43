"""The settings of `impex up`, checked before anything starts.

The launcher's own settings, and those of every service in the environment that it would be given.
Valid examples stand in for what only provisioning makes: keys, and the services' addresses.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations import service_registry
from operations.provision.partners import DEFAULT_FOLDER, FOLDER
from operations.provision.provisioning import (
    DATABASE,
    VHOST,
    AdminUrls,
    write_public_rings,
    write_secrets,
)
from operations.provision.secrets_dir import SecretsDir
from shared.errors import ConfigurationError
from shared.security.connection_urls import management_of, validate_administration_url
from shared.settings import (
    CommonSettings,
    Problem,
    desk_base_url_setting,
    load,
    setting,
    unknown_names,
)

#: Servers of this machine, like the private ones.
EXAMPLE = AdminUrls(
    f"postgresql://127.0.0.1/{DATABASE}", f"amqp://127.0.0.1/{VHOST}", "http://127.0.0.1"
)
SMTP = "IMPEX_SMTP_URL"


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
        doc="Management API of that RabbitMQ, with the administrator's login; operators' commands "
        "use their own.",
        default_doc="port 15672 of the host of IMPEX_AMQP_URL",
    )
    partners_dir: Path = setting(
        FOLDER,
        default=DEFAULT_FOLDER,
        doc="Folder with a file for each partner, which `impex provision` and `impex partner` "
        "read too.",
        default_doc="`partners` beside the code",
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
    desk_base_url: str = desk_base_url_setting()
    desk_port: int = setting(
        "IMPEX_DESK_PORT",
        default=8090,
        doc="Port of the desk; if it is taken, a free one is used and printed.",
        between=(1, 65_535),
    )
    broker_port: int = setting(
        "IMPEX_BROKER_PORT",
        default=0,
        doc="Port of the private RabbitMQ; 0 is the one of the last start, at first a free one. If "
        "it is taken, a free one is used.",
        between=(0, 65_535),
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
        return management_of(self.amqp_url)

    def check(self) -> list[Problem]:
        """The management API has an HTTP address."""
        sentence = validate_administration_url(self.management_url) if self.management_url else None
        return [("IMPEX_AMQP_MANAGEMENT_URL", sentence)] if sentence else []


def validate_settings(environ: Mapping[str, str]) -> StackSettings:
    """The launcher's settings; ConfigurationError names every mistake of every part, once each."""
    problems: dict[Problem, None] = {}
    with tempfile.TemporaryDirectory(prefix="impex-check-") as folder:
        secrets_dir = SecretsDir(Path(folder))
        write_secrets(secrets_dir, EXAMPLE, {SMTP: "smtp://127.0.0.1:25"})
        write_public_rings(secrets_dir)
        files = secrets_dir.files()
        if environ.get(SMTP) or environ.get(f"{SMTP}_FILE"):
            del files[SMTP]
        given: dict[type[Any], Mapping[str, str]] = {StackSettings: environ}
        for one in service_registry.services():
            given[one.settings] = service_registry.environment([one.name], {}, files, environ)
        for settings, variables in given.items():
            try:
                load(settings, variables)
            except ConfigurationError as error:
                problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigurationError(list(problems))
    return load(StackSettings, environ)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`IMPEX_` variables that nothing reads, each with the name that it resembles, if any."""
    services = (one.settings for one in service_registry.services())
    return unknown_names([StackSettings, *services], environ)
