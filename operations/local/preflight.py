"""Everything that `impex up` was told, judged before anything starts.

The launcher's own settings, and those of every service in the environment that it would be given.
What only provisioning makes, keys and the services' addresses, is judged as a sound example.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations import service_registry
from operations.local.settings import StackSettings
from operations.provision.install_commands import ADMIN_URLS, external_user_settings
from operations.provision.provisioning import (
    DATABASE,
    VHOST,
    AdminUrls,
    account_names,
    service_urls,
)
from operations.provision.secrets_dir import SecretsDir, fill_key_rings
from shared.errors import ConfigurationError
from shared.runtime.service import load_all
from shared.settings import Problem, load, unknown_names

#: Servers of this machine, as the private ones are.
EXAMPLE = AdminUrls(
    f"postgresql://127.0.0.1/{DATABASE}", f"amqp://127.0.0.1/{VHOST}", "http://127.0.0.1"
)
SMTP = "IMPEX_SMTP_URL"


def validate_settings(environ: Mapping[str, str]) -> StackSettings:
    """The launcher's settings; ConfigurationError names every mistake of every part, once each."""
    settings: StackSettings | None = None
    problems: dict[Problem, None] = {}
    try:
        settings = load(StackSettings, environ)
    except ConfigurationError as error:
        problems.update(dict.fromkeys(error.problems))
    with tempfile.TemporaryDirectory(prefix="impex-check-") as folder:
        files = _examples(SecretsDir(Path(folder)))
        if environ.get(SMTP) or environ.get(f"{SMTP}_FILE"):
            del files[SMTP]
        for one in service_registry.services():
            needed = service_registry.secret_names(one.name) & files.keys()
            chosen = {name: files[name] for name in needed}
            try:
                load_all([one], service_registry.environment([one.name], {}, chosen, environ))
            except ConfigurationError as error:
                problems.update(dict.fromkeys(error.problems))
    if problems or settings is None:
        raise ConfigurationError(list(problems))
    return settings


def _examples(secrets_dir: SecretsDir) -> dict[str, Path]:
    """A file for every secret of every service."""
    principals = service_registry.principals()
    urls = service_urls(EXAMPLE, principals, dict.fromkeys(account_names(principals), "example"))
    for name, url in {**urls, SMTP: "smtp://127.0.0.1:25"}.items():
        secrets_dir.put(name, url)
    rings = fill_key_rings(secrets_dir, (one.settings for one in service_registry.services()))
    return {name: secrets_dir.path(name) for name in (*urls, SMTP, *rings)}


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables of ours that nothing here reads, each with the name it resembles, if any."""
    others = {"IMPEX_HOME", *ADMIN_URLS, *external_user_settings()}
    others |= {f"{name}_FILE" for name in others}
    classes: list[type[Any]] = [
        StackSettings,
        *(one.settings for one in service_registry.services()),
    ]
    rest = {name: text for name, text in environ.items() if name not in others}
    return unknown_names(classes, rest)
