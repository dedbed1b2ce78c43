"""The services, found in `services/`, and the environment that each needs to run.

A service is a folder with a `service.py` that exposes `SERVICE`, which declares its messages and
its settings. It lies in `services/`, or in the folder of the service whose code it shares: the desk
is `services/gateway/desk`. Its name is that of its folder. There is no second list.
"""

import importlib
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from operations.install.paths import ROOT
from operations.provision.permissions import Principal
from shared.errors import ConfigurationError
from shared.runtime.service import Service
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.security.signing_keys import SigningRing
from shared.settings import specs

#: The services that people open in a browser: they start last and stop first.
FRONT_ENDS = ("desk", "gateway")


@cache
def _folders() -> dict[str, str]:
    root = ROOT / "services"
    found = [path.parent for form in ("*", "*/*") for path in root.glob(f"{form}/service.py")]
    return {path.name: path.relative_to(root).as_posix() for path in found}


def service_names() -> list[str]:
    """Every service's name; the front ends last, because people reach the others through them."""
    return sorted(_folders(), key=lambda name: (name in FRONT_ENDS, name))


def folder(name: str) -> str:
    """The folder of a service, relative to `services/`; KeyError where there is none."""
    return _folders()[name]


def package(name: str) -> str:
    """The package of a service, which `python -m` runs."""
    return f"services.{folder(name).replace('/', '.')}"


def folder_owners(path: str) -> list[str]:
    """The services that a file concerns, by its path relative to `services/`: the one whose folder
    it is in, and those that lie in that folder, since they share its code."""
    folders = _folders()
    holding = [own for own in folders.values() if path.startswith(f"{own}/")]
    if not holding:
        return []
    nearest = max(holding, key=len)
    return [name for name, own in folders.items() if f"{own}/".startswith(f"{nearest}/")]


def service(name: str) -> Service:
    """The definition of one service. ConfigurationError names one that is not there."""
    if name not in service_names():
        sentence = f"there is no service {name}; there are {', '.join(service_names())}"
        raise ConfigurationError([("SERVICE", sentence)])
    found: Service = importlib.import_module(f"{package(name)}.service").SERVICE
    return found


def services() -> list[Service]:
    """Every service."""
    return [service(name) for name in service_names()]


def principal(one: Service) -> Principal:
    """A service as the broker and the database see it."""
    return Principal(
        one.name,
        hears=tuple(row.event for row in one.hears),
        emits=tuple(one.emits),
        asks=tuple(one.asks),
        answers=tuple(row.request for row in one.answers),
        refusals=one.refused is not None,
        moves_letters=one.moves_letters,
        pushes_events=one.pushes_events,
    )


def principals() -> tuple[Principal, ...]:
    """Every service as the broker and the database see it."""
    return tuple(principal(one) for one in services())


def setting_names(one: Service, *, secret: bool | None = None) -> set[str]:
    """The settings that a service reads: all, the secrets, or the others."""
    return {spec.name for _, spec in specs(one.settings) if secret is None or spec.secret is secret}


def key_ring_names() -> list[str]:
    """The settings of all services that hold rings of secret keys, each used by one party alone."""
    return sorted({name for one in services() for name in _settings_of(one, KeyRing)})


def seal_ring_names() -> list[str]:
    """The settings of all services that hold the keys of sealed fields."""
    return sorted(
        {name for one in services() for name in _settings_of(one, OpeningRing, SealingRing)}
    )


def signing_ring_names() -> list[str]:
    """The settings of all services that hold the keys of signatures."""
    return sorted({name for one in services() for name in _settings_of(one, SigningRing)})


def sealing_names(one: Service) -> set[str]:
    """The settings of a service that hold the public keys of another one."""
    return _settings_of(one, SealingRing)


def opening_names(one: Service) -> set[str]:
    """The settings of a service that hold the private keys of what is sealed for it."""
    return _settings_of(one, OpeningRing)


def path_names(one: Service) -> set[str]:
    """The settings of a service that name a file or a folder."""
    return _settings_of(one, Path, Path | None)


def public_file(name: str) -> str:
    """The file of the public halves of the ring in the setting `name`, for those who seal."""
    return f"{name}.public"


def _settings_of(one: Service, *kinds: object) -> set[str]:
    return {spec.name for field, spec in specs(one.settings) if field.type in kinds}


def base_environment() -> dict[str, str]:
    """The variables of our own environment that every program needs."""
    return {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ") if key in os.environ}


def environment(
    names: Iterable[str],
    values: Mapping[str, str],
    secret_files: Mapping[str, Path],
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The environment of a process that runs the services `names`: their settings and no others.

    `values`, by setting, take precedence over `environ`; a secret that has a file is given as the
    path of that file.
    """
    given = base_environment()
    names = list(names)
    opened = {key for name in names for key in opening_names(service(name))}
    for name in names:
        one = service(name)
        known = setting_names(one)
        own = [key for key in environ if known & {key, key.removesuffix("_FILE")}]
        given |= {key: environ[key] for key in own}
        given |= {key: text for key, text in values.items() if key in known}
        for key in setting_names(one, secret=True) & secret_files.keys():
            given.pop(key, None)  # other processes cannot read the file
            given[f"{key}_FILE"] = str(secret_files[key])
        for key in sealing_names(one) - opened:
            if (public := public_file(key)) in secret_files:
                given[f"{key}_FILE"] = str(secret_files[public])
    return given
