"""`impex secrets`: the keys, passwords and addresses of one installation, a folder for each reader.

`all` has everything, for the administrator; the other folders have copies of what their reader is
given. Nothing that exists is changed, so a ring that was rotated and an address that was completed
by hand stay; `--rotate` alone changes a ring. Nobody but the owner (or group) of a folder reads it.
"""

import argparse
import grp
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from urllib.parse import quote, urlsplit

from operations import service_registry
from operations.install.paths import ADMIN
from operations.printing import say
from operations.provision.install_commands import ADMIN_URLS, operator_settings
from operations.provision.partners import declared
from operations.provision.provisioning import (
    AdminUrls,
    accounts,
    amqp_setting,
    new_key_for,
    ring_makers,
    write_secrets,
)
from operations.provision.secrets_dir import (
    SecretsDir,
    new_password,
    open_own,
    read_secret,
    replace_secret,
    write_secret,
)
from shared.errors import ConfigurationError
from shared.security.connection_urls import is_loopback
from shared.security.seal_keys import SealRing
from shared.security.sealing import KeyRing
from shared.security.signing_keys import SigningRing

ALL = "all"
EVERYBODY = stat.S_IRWXO
HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
NAME = "(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})+"
#: The form of a place, and what it matches. A database may be on one of several hosts.
PLACES = {
    "--database": ("HOST:PORT/NAME", f"{HOST}(?:,{HOST})*/{NAME}"),
    "--broker": ("HOST:PORT/VHOST", f"{HOST}/{NAME}"),
    "--management": ("HOST:PORT", f"{HOST}/?"),
}
#: Where the servers are unless an option says otherwise, in the order of `ADMIN_URLS`.
DEFAULT_PLACES = {
    "database": "127.0.0.1:5432/impex",
    "broker": "127.0.0.1:5672/impex",
    "management": "127.0.0.1:15672",
}


def make_secrets(options: argparse.Namespace) -> int:
    """Make what is missing, or rotate one ring; exit code 2 for an unknown ring, user or group."""
    root = Path(options.folder)
    owners, groups = (
        _by_reader(f"--{option}", getattr(options, option)) for option in ("owner", "group")
    )
    if options.new_password:
        return _new_password(root, options.new_password)
    _check_rings(root, options.rotate)
    if options.rotate:
        return _rotate(root, options.rotate)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = SecretsDir(root / ALL)
    _make_all(store, options)
    folders = _Folders(root, owners, groups)
    different = [f"{reader}/{name}" for reader, name in _copy(store, folders)]
    different += [f"{ALL}/{name}" for name in _left_alone(store, options)]
    say(f"secrets are in {root}, one folder each for {', '.join(readers())}")
    if different:
        files = ", ".join(different)
        say(f"left as they are, although {root / ALL} or the options differ: {files}")
    for path in folders.open_to_everybody():
        say(f"every user of this machine can read {path}: --owner or --group closes it")
    for name in service_registry.seal_ring_names():
        if isinstance(SealRing.parse(store.get(name)).current[1], bytes):
            say(f"who seals with {name} can open too, until `--rotate {name}`: see the runbook")
    return 0


def _check_rings(root: Path, only: str | None) -> None:
    """Raises ConfigurationError with the file of a ring that cannot be read: somebody edited it."""
    parsers = {
        **dict.fromkeys(service_registry.key_ring_names(), KeyRing.parse),
        **dict.fromkeys(service_registry.signing_ring_names(), SigningRing.parse),
        **dict.fromkeys(service_registry.seal_ring_names(), SealRing.parse),
    }
    for name, parse in parsers.items():
        paths = [root / reader / name for reader in (ALL, *readers())]
        for path in paths if only in (None, name) else ():
            if not os.path.lexists(path):
                continue
            try:
                parse(read_secret(path))
            except UnicodeDecodeError:
                raise ConfigurationError([(str(path), "is not UTF-8")]) from None
            except ValueError as error:
                raise ConfigurationError([(str(path), str(error))]) from None


def _left_alone(store: SecretsDir, options: argparse.Namespace) -> Iterator[str]:
    """The addresses that were there and stay, although an option gives another one."""
    given = astuple(_admin_urls(store, options))
    for option, name, url in zip(DEFAULT_PLACES, ADMIN_URLS, given, strict=True):
        if getattr(options, option) is not None and store.get(name) != url:
            yield name
    if options.smtp and store.get("IMPEX_SMTP_URL") != options.smtp:
        yield "IMPEX_SMTP_URL"


def _make_all(store: SecretsDir, options: argparse.Namespace) -> None:
    """Everything that is missing in the administrator's folder."""
    administrator = store.get("rabbitmq-administrator")
    admin_urls = _admin_urls(store, options)
    more = dict(zip(ADMIN_URLS, astuple(admin_urls), strict=True))
    more["administrator.conf"] = f"default_user = {ADMIN}\ndefault_pass = {administrator}"
    if options.smtp:
        more["IMPEX_SMTP_URL"] = options.smtp
    write_secrets(store, admin_urls, more, keep=True)


def _admin_urls(store: SecretsDir, options: argparse.Namespace) -> AdminUrls:
    """The administrators' addresses by their passwords; by TLS to servers elsewhere (CR-05)."""
    passwords = store.get("postgresql-administrator"), store.get("rabbitmq-administrator")
    given = {option: getattr(options, option) for option in DEFAULT_PLACES}
    database, broker, management = (
        DEFAULT_PLACES[option] if place is None else place for option, place in given.items()
    )

    def by_tls(option: str, place: str) -> bool:
        return not (options.without_tls or is_loopback(_host(option, place)))

    file = quote(options.ca_file)
    database_url = f"postgresql://{ADMIN}:{passwords[0]}@{database}"
    if by_tls("--database", database):
        database_url += f"?sslmode=verify-full&sslrootcert={file}"
    broker_url = f"amqp://{ADMIN}:{passwords[1]}@{broker}"
    if by_tls("--broker", broker):
        broker_url = f"{broker_url.replace('amqp', 'amqps', 1)}?cafile={file}"
    management_url = f"http://{ADMIN}:{passwords[1]}@{management}"
    if by_tls("--management", management):
        management_url = f"{management_url.replace('http', 'https', 1)}/?cafile={file}"
    return AdminUrls(database_url, broker_url, management_url)


def _host(option: str, place: str) -> str:
    """The first host of a place on the command line; ConfigurationError where it is none."""
    form, pattern = PLACES[option]
    hosts = place.partition("/")[0].split(",")
    ports = [
        int(port) for one in hosts if (port := one.rpartition("]")[2].rpartition(":")[2]).isdigit()
    ]
    if not re.fullmatch(pattern, place) or not all(0 < port < 65_536 for port in ports):
        raise ConfigurationError([(option, f"must be {form}, which {place!r} is not")])
    return urlsplit(f"//{hosts[0]}").hostname or ""


def _copy(store: SecretsDir, folders: "_Folders") -> Iterator[tuple[str, str]]:
    """Give every reader what its folder lacks; yields (reader, name) of copies that differ."""
    for reader, names in readers().items():
        folders.make(reader)
        for name in sorted(names):
            if not store.path(name).exists():
                continue
            value = store.get(name)
            if seals(reader, name):
                value = SealRing.parse(value).for_senders()
            if not folders.put(reader, name, value):
                yield reader, name


def readers() -> dict[str, set[str]]:
    """The secrets of each folder, by the names of the settings or files."""
    found = {
        one.name: service_registry.setting_names(one, secret=True)
        for one in service_registry.services()
    }
    found |= {one.name: {amqp_setting(one.name)} for one in declared() if one.in_secrets}
    found["operator"] = set(operator_settings())
    found["postgresql"] = {"postgresql-administrator"}
    found["rabbitmq"] = {"administrator.conf"}
    return found


def seals(reader: str, name: str) -> bool:
    """Whether `reader` only seals with a ring, and so is given its public keys."""
    if reader not in service_registry.service_names():
        return False
    return name in service_registry.sealing_names(service_registry.service(reader))


def _rotate(root: Path, name: str) -> int:
    """Put a new key in front of a ring, in every folder that has it; owners and modes stay.

    Those who seal are given public keys only, so a key that they shared is taken from them.
    """
    paths = {path.parent.name: path for path in sorted(root.glob(f"*/{name}"))}
    if name not in ring_makers() or ALL not in paths:
        known = [one for one in sorted(ring_makers()) if (root / ALL / one).exists()]
        rings = ", ".join(known) or "none is there"
        sentence = f"must be a key ring in {root / ALL}: {rings}"
        raise ConfigurationError([("--rotate", sentence)])
    texts = {reader: read_secret(path) for reader, path in paths.items()}
    new = new_key_for(name, *texts.values())
    public = SealRing.parse(f"{new},{texts[ALL]}").for_senders() if is_seal_ring(name) else ""
    for reader, path in paths.items():
        replace_secret(path, public if seals(reader, name) else f"{new},{texts[reader]}")
    others = [reader for reader in paths if reader != ALL]
    last = [reader for reader in others if seals(reader, name)]
    first = [reader for reader in others if reader not in last]
    order = ", then ".join(_listed(group) for group in (first, last) if group)
    say(f"{name} has a new key in front. Restart {order}.")
    say("Remove the former keys when nothing needs them any more: see « Keys » in the runbook.")
    return 0


#: The administrators' passwords: what holds each beside its own file, and how its server learns it.
ADMINISTRATORS = {
    "postgresql-administrator": (
        ("IMPEX_DATABASE_URL",),
        f"ALTER ROLE {ADMIN} PASSWORD '…' in PostgreSQL",
    ),
    "rabbitmq-administrator": (
        ("IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL"),
        f"rabbitmqctl change_password {ADMIN} < FILE",
    ),
}


def _new_password(root: Path, name: str) -> int:
    """Give an account of the servers a new password, in every folder that has its address."""
    owners = {
        account: setting for setting, account in accounts(service_registry.principals()).items()
    }
    files = {one: root / ALL / f"password-{one}" for one in owners}
    files |= {one: root / ALL / one for one in ADMINISTRATORS}
    known = sorted(one for one, path in files.items() if path.exists())
    if name not in known:
        there = ", ".join(known) or "none is there"
        sentence = f"must be a role, user or administrator of {root / ALL}: {there}"
        raise ConfigurationError([("--new-password", sentence)])
    file = files[name]
    settings, _ = ADMINISTRATORS.get(name, ((owners.get(name, ""),), ""))
    password, former = new_password(), read_secret(file)
    paths = {path for setting in settings for path in root.glob(f"*/{setting}")}
    if name == "rabbitmq-administrator":
        paths |= set(root.glob("*/administrator.conf"))
    for path in sorted(paths):
        replace_secret(path, read_secret(path).replace(former, password))
    replace_secret(file, password)
    others = root.glob(f"*/{name}") if name in ADMINISTRATORS else ()
    for path in others:
        replace_secret(path, password)
    readers_of = sorted({path.parent.name for path in paths} - {ALL, "operator"})
    if name in ADMINISTRATORS:
        say(f"{name} is in {file}. Give it to the server: {ADMINISTRATORS[name][1]}")
    else:
        say(f"{name} has a new password. `impex provision` gives it to the server.")
        for one in readers_of:
            if one in service_registry.service_names():
                say(f"Then restart {one}.")
            else:
                say(f"Then give {root / one} to whoever runs {one}.")
    return 0


def _listed(names: Sequence[str]) -> str:
    """`gateway, profile and support`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def is_seal_ring(name: str) -> bool:
    """Whether a setting holds the keys of sealed fields."""
    return name in service_registry.seal_ring_names()


def _by_reader(option: str, given: Iterable[str]) -> Mapping[str, str]:
    """`READER=NAME` and `NAME` (every other reader, under "") as a mapping."""
    known = {"", *readers()}
    found: dict[str, str] = {}
    for text in given:
        reader, equals, name = text.rpartition("=")
        if reader not in known or not name or (equals and not reader):
            sentence = f"must be NAME or READER=NAME, READER one of {', '.join(sorted(known)[1:])}"
            raise ConfigurationError([(option, sentence)])
        found[reader] = name
    return found


class _Folders:
    """The folders of the readers: 0700, or 0750 where a group was chosen; files 0600 or 0640."""

    def __init__(self, root: Path, owners: Mapping[str, str], groups: Mapping[str, str]) -> None:
        self._root = root
        self._owners = owners
        self._groups = groups

    def make(self, reader: str) -> None:
        """The folder of `reader`; one that exists changes only where an option says so."""
        folder = self._root / reader
        if not folder.exists():
            folder.mkdir(mode=0o700)
        self._give(reader, folder)

    def put(self, reader: str, name: str, value: str) -> bool:
        """A secret that is missing; False where there is another value already, which stays."""
        path, folder = self._root / reader / name, (self._root / reader).stat()
        same = True
        if os.path.lexists(path):
            same = read_secret(path) == value
        else:
            # As open as its folder, which a person may have changed.
            mode = stat.S_IMODE(folder.st_mode) & 0o666
            write_secret(path, value, folder.st_uid, folder.st_gid, mode)
        self._give(reader, path)
        return same

    def _give(self, reader: str, path: Path) -> None:
        owner = self._owners.get(reader, self._owners.get(""))
        group = self._groups.get(reader, self._groups.get(""))
        if owner is None and group is None:
            return
        open_to = 0o750 if group else 0o700
        with open_own(path) as file:
            _chown(file, owner, group)
            os.fchmod(file, open_to if stat.S_ISDIR(os.fstat(file).st_mode) else open_to & 0o666)

    def open_to_everybody(self) -> list[Path]:
        """Folders that every user of the machine can enter, made so by hand or long ago."""
        if not self._root.stat().st_mode & EVERYBODY:
            return []
        return [one for one in sorted(self._root.iterdir()) if one.stat().st_mode & EVERYBODY]


def _chown(file: int, owner: str | None, group: str | None) -> None:
    """Give an open file to a user or group, by name or number; ConfigurationError for an unknown
    one."""
    try:
        user_id = -1 if owner is None else _id(owner, lambda name: pwd.getpwnam(name).pw_uid)
    except LookupError as error:
        raise ConfigurationError([("--owner", f"there is no user {owner}")]) from error
    try:
        group_id = -1 if group is None else _id(group, lambda name: grp.getgrnam(name).gr_gid)
    except LookupError as error:
        raise ConfigurationError([("--group", f"there is no group {group}")]) from error
    os.fchown(file, user_id, group_id)


def _id(name: str, look_up: Callable[[str], int]) -> int:
    """A number stands for itself, where the system has such numbers."""
    return int(name) if re.fullmatch("[0-9]{1,9}", name) else look_up(name)
