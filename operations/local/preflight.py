"""The settings of `impex up`, checked before anything starts.

The launcher's own settings, and those of every service in the environment that it would be given.
Valid examples stand in for what only provisioning makes: keys, and the services' addresses.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations import service_registry
from operations.local.settings import StackSettings
from operations.provision.install_commands import operator_settings
from operations.provision.provisioning import DATABASE, VHOST, AdminUrls, write_secrets
from operations.provision.secrets_dir import SecretsDir
from shared.errors import ConfigurationError
from shared.settings import Problem, load, unknown_names

#: Servers of this machine, like the private ones.
EXAMPLE = AdminUrls(
    f"postgresql://127.0.0.1/{DATABASE}", f"amqp://127.0.0.1/{VHOST}", "http://127.0.0.1"
)
SMTP = "IMPEX_SMTP_URL"


def validate_settings(environ: Mapping[str, str]) -> StackSettings:
    """The launcher's settings; ConfigurationError names every mistake of every part, once each."""
    problems: dict[Problem, None] = {}
    with tempfile.TemporaryDirectory(prefix="impex-check-") as folder:
        secrets_dir = SecretsDir(Path(folder))
        write_secrets(secrets_dir, EXAMPLE, {SMTP: "smtp://127.0.0.1:25"})
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
    others = {"IMPEX_HOME", *operator_settings()}
    others |= {f"{name}_FILE" for name in others}
    rest = {name: text for name, text in environ.items() if name not in others}
    services = (one.settings for one in service_registry.services())
    return unknown_names([StackSettings, *services], rest)
