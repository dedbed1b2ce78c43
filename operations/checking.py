"""Everything that `impex up` was told, judged before anything starts.

The launcher's own settings, and those of every service in the environment that it would be given.
What only provisioning makes, keys and the services' addresses, is judged as a sound example.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations import house
from operations.deploying import ADMIN_URLS, account_urls
from operations.provisioning import DATABASE, VHOST, Places, account_names, service_urls
from operations.settings import StackSettings
from operations.wallet import Wallet, fill_key_rings
from shared.errors import ConfigurationError
from shared.runtime.service import load_all
from shared.settings import Problem, load, unknown_names

#: Servers of this machine, as the private ones are.
EXAMPLE = Places(
    f"postgresql://127.0.0.1/{DATABASE}", f"amqp://127.0.0.1/{VHOST}", "http://127.0.0.1"
)
SMTP = "IMPEX_SMTP_URL"


def judge(environ: Mapping[str, str]) -> StackSettings:
    """The launcher's settings; ConfigurationError names every mistake of every part, once each."""
    settings: StackSettings | None = None
    problems: dict[Problem, None] = {}
    try:
        settings = load(StackSettings, environ)
    except ConfigurationError as error:
        problems.update(dict.fromkeys(error.problems))
    with tempfile.TemporaryDirectory(prefix="impex-check-") as folder:
        files = _examples(Wallet(Path(folder)))
        if environ.get(SMTP) or environ.get(f"{SMTP}_FILE"):
            del files[SMTP]
        for one in house.services():
            needed = house.secret_names(one.name) & files.keys()
            chosen = {name: files[name] for name in needed}
            try:
                load_all([one], house.environment([one.name], {}, chosen, environ))
            except ConfigurationError as error:
                problems.update(dict.fromkeys(error.problems))
    if problems or settings is None:
        raise ConfigurationError(list(problems))
    return settings


def _examples(wallet: Wallet) -> dict[str, Path]:
    """A file for every secret of every service."""
    parties = house.parties()
    urls = service_urls(EXAMPLE, parties, dict.fromkeys(account_names(parties), "example"))
    for name, url in {**urls, SMTP: "smtp://127.0.0.1:25"}.items():
        wallet.put(name, url)
    rings = fill_key_rings(wallet, (one.settings for one in house.services()))
    return {name: wallet.path(name) for name in (*urls, SMTP, *rings)}


def misspelt(environ: Mapping[str, str]) -> list[str]:
    """Variables of ours that nothing here reads, each with the name it resembles, if any."""
    others = {"IMPEX_HOME", *ADMIN_URLS, *account_urls()}
    others |= {f"{name}_FILE" for name in others}
    classes: list[type[Any]] = [StackSettings, *(one.settings for one in house.services())]
    rest = {name: text for name, text in environ.items() if name not in others}
    return unknown_names(classes, rest)
