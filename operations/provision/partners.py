"""Partners: other applications that publish and hear events, one declared file for each.

`IMPEX_PARTNERS_DIR/NAME.toml` says what the partner NAME hears and emits; its broker user, rights
and queues follow from that. `impex provision` makes those of every file, `impex partner add` writes
a file and makes one.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from operations.install.paths import ROOT
from shared.contracts import load_contracts
from shared.contracts.base import EVENTS, REQUESTS, Event
from shared.errors import ConfigurationError, ImpexError, plain_reason
from shared.messaging import topology
from shared.security.connection_urls import validate_push_url
from shared.settings import Problem

FOLDER = "IMPEX_PARTNERS_DIR"
#: Beside the code: the partners of an installation that names no folder of its own.
DEFAULT_FOLDER = ROOT / "partners"
#: Safe in names of queues, in routing keys, in settings and as a file; no dot, which parts keys.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MAX_NAME = 30
#: Folders of `impex secrets`, and beginnings of names on the broker, that are nobody's.
RESERVED = ("all", "amq", "guest", "impex", "postgresql", "rabbitmq", topology.OPERATOR)
KEYS = {"hears": list, "emits": list, "in_secrets": bool, "push": str}
MEANT = {list: "a list of types", bool: "true or false", str: "an address in quotes"}


@dataclass(frozen=True, kw_only=True)
class Partner:
    """One application: the events that it hears and emits.

    `push`: where its events are posted to; it reads no queue then.

    `in_secrets`: its password is among the secrets of the installation; otherwise the partner alone
    has it, and the broker its hash.
    """

    name: str
    hears: tuple[type[Event], ...] = ()
    emits: tuple[type[Event], ...] = ()
    in_secrets: bool = False
    push: str = ""

    @property
    def logs_in(self) -> bool:
        """Whether it has anything to do on the broker itself."""
        return bool(self.emits) or not self.push

    def permissions(self) -> topology.Permissions:
        """What it may write to and read from; it configures nothing."""
        return topology.partner_permissions(self.name, self.emits, () if self.push else self.hears)

    def topology(self) -> topology.Topology:
        """Its queues with their bindings, and the exchange of its retry copies."""
        return topology.partner_topology(self.name, self.hears)


def folder() -> Path:
    """The folder of the partner files."""
    given = os.environ.get(FOLDER)
    return Path(given).absolute() if given else DEFAULT_FOLDER


def path_of(name: str) -> Path:
    """The file of the partner `name`; ConfigurationError where no partner can have that name."""
    load_contracts()
    if problems := _name_problems(name):
        raise ConfigurationError(problems)
    return folder() / f"{name}.toml"


def declared(where: Path | None = None) -> tuple[Partner, ...]:
    """Every partner that has a file, by name; ConfigurationError names everything wrong in them.

    `where` is another folder than that of the setting.
    """
    where = where or folder()
    if not where.is_dir():
        raise ConfigurationError([(FOLDER, f"{where} is not a folder")])
    found: list[Partner] = []
    problems: list[Problem] = []
    for path in sorted(where.glob("*.toml")):
        try:
            found.append(_read(path))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


def _read(path: Path) -> Partner:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise ConfigurationError([(str(path), plain_reason(error))]) from None
    problems = [
        f"{key} must be {MEANT[KEYS[key]]}"
        if key in KEYS
        else f"{key} is not known here: there are {', '.join(KEYS)}"
        for key, value in data.items()
        if not isinstance(value, KEYS.get(key, ()))
    ]
    if problems:
        raise ConfigurationError([(str(path), one) for one in problems])
    try:
        return partner(path.stem, **data)
    except ConfigurationError as error:
        named = [(str(path), f"{name}: {sentence}") for name, sentence in error.problems]
        raise ConfigurationError(named) from None


def partner(
    name: str,
    hears: Sequence[Any] | None = None,
    emits: Sequence[Any] | None = None,
    *,
    in_secrets: bool = False,
    push: str = "",
) -> Partner:
    """The partner `name` with these types; ConfigurationError names everything that is wrong.

    None is what nobody wrote; one that hears nothing for a while has an empty list.
    """
    load_contracts()
    problems = [*_name_problems(name)]
    heard = _known("hears", hears or (), problems)
    published = _known("emits", emits or (), problems)
    for one in heard:
        if fields := sealed_fields(one):
            sentence = (
                f"{one.TYPE} cannot be heard by a partner: {_listed(fields)} can be opened by one "
                "service only"
            )
            problems.append(("hears", sentence))
    theirs = sorted(one.TYPE for one in EVENTS.values() if one.BY_PARTNERS)
    for one in published:
        if not one.BY_PARTNERS:
            sentence = (
                f"{one.TYPE} is published by {one.OWNER} only; partners may emit "
                f"{', '.join(theirs)}"
            )
            problems.append(("emits", sentence))
    if hears is None and emits is None and not problems:
        problems.append(("TYPE", "a partner hears or emits something: --hears TYPE, --emits TYPE"))
    if push and (reason := validate_push_url(push)):
        problems.append(("push", reason))
    if push and hears is None and not problems:
        problems.append(("push", "there is nothing to push: --hears TYPE"))
    if problems:
        raise ConfigurationError(problems)
    return Partner(name=name, hears=heard, emits=published, in_secrets=in_secrets, push=push)


def _name_problems(name: str) -> list[Problem]:
    """What is wrong with a name, if anything."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        sentence = (
            f"must be at most {MAX_NAME} letters a to z, digits and single hyphens, and begin with "
            "a letter"
        )
        return [("NAME", sentence)]
    services = {one.OWNER for one in REQUESTS.values()}
    services |= {one.OWNER for one in EVENTS.values() if not one.BY_PARTNERS}
    if name in services:
        return [("NAME", f"{name} is a service of this system")]
    if name in RESERVED:
        return [("NAME", f"{name} is a name of this system")]
    return []


def _known(name: str, types: Iterable[Any], problems: list[Problem]) -> tuple[type[Event], ...]:
    """The events of these types, each once and by type; adds to `problems` what is not known."""
    found = {}
    for one in types:
        if isinstance(one, str) and one in EVENTS:
            found[one] = EVENTS[one]
            continue
        alike = get_close_matches(str(one), EVENTS, 1)
        hint = f"; is {alike[0]} meant?" if alike else "; docs/events.md has all of them"
        problems.append((name, f"there is no event {str(one)[:120]}{hint}"))
    return tuple(found[one] for one in sorted(found))


def sealed_fields(event: type[Event]) -> list[str]:
    """The fields of an event that are sealed for one service."""
    hints = get_type_hints(event)
    return [name for name, hint in hints.items() if "Sealed" in str(hint)]


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def write(one: Partner) -> Path:
    """Write the file of a new partner; ConfigurationError where there is one."""
    path = path_of(one.name)
    lines = ["# A partner of this installation: see docs/partners.md."]
    for key, types in (("hears", one.hears), ("emits", one.emits)):
        lines += [f"{key} = [", *(f'    "{event.TYPE}",' for event in types), "]"]
    lines += [f'push = "{one.push}"'] if one.push else []
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError:
        sentence = f"{one.name} is a partner already: {path} says what it hears and emits"
        raise ConfigurationError([("NAME", sentence)]) from None
    except OSError as error:
        raise ImpexError(
            f"{plain_reason(error)}: write it by hand and run impex provision (docs/partners.md)"
        ) from None
    return path
