"""`impex partner add`, `list`, `rotate`, `remove`: other applications that publish and hear events.

They work as the broker's administrator, by the settings of `impex provision` or beside `impex up`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import quote

from operations import service_registry
from operations.install.paths import ADMIN, paths, short_path
from operations.local.state import read_running_state
from operations.operate import acts
from operations.operate.asking import explained
from operations.operate.endpoints import (
    as_service,
    at_management,
    configured_or_running,
    required,
    resolve_broker,
    secret,
)
from operations.printing import print_json, print_rows, say
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import run_blocking, with_url_parts
from operations.provision.install_commands import ADMIN_URLS
from operations.provision.partner_sheet import Sheet
from operations.provision.partners import (
    Partner,
    declared,
    partner,
    path_of,
    write,
)
from operations.provision.permissions import PARTNER_TAG, partner_definitions
from operations.provision.provisioning import AdminUrls
from operations.provision.receivers import PUSH
from operations.provision.secrets_dir import new_password
from services.push import operator_deliveries, store
from services.push.operator_deliveries import DeliveryCounts
from shared.errors import ConfigurationError, ImpexError
from shared.messaging import topology
from shared.messaging.letter_queue import open_channel

T = TypeVar("T")

AMQP_URL, MANAGEMENT_URL = ADMIN_URLS[1:]
PUSH_DATABASE = "IMPEX_PUSH_DATABASE_URL"
#: The file of the administrator's password of the private RabbitMQ.
BROKER_ADMINISTRATOR = "rabbitmq-administrator"


def main_add(options: argparse.Namespace) -> int:
    """Make a partner and print how it connects; nothing is made where a word is wrong."""
    types = (options.hears or None, options.emits or None)
    new = partner(options.name, *types, push=options.push or "")
    urls = _admin_urls()
    password = new_password() if new.logs_in else ""
    # Asked first: an address that cannot be stored is no reason for half a partner.
    keys = as_service(PUSH, operator_deliveries.read_public_keys) if new.push else []

    def make(admin: BrokerAdmin) -> None:
        if admin.exchange_kind(urls.vhost, topology.EVENTS) is None:
            raise ImpexError(f"the virtual host {urls.vhost} is not there yet: impex provision")
        if (user := admin.users().get(new.name)) is not None:
            hint = "choose another name"
            if PARTNER_TAG in user["tags"]:
                hint = f"impex partner remove {new.name}"
            sentence = f"the broker has a user {new.name}, for whom there is no file: {hint}"
            raise ConfigurationError([("NAME", sentence)])
        principals = service_registry.principals()
        admin.import_definitions(partner_definitions(urls.vhost, new, password, principals))

    path = write(new)
    try:
        _as_administrator(urls, make)
        if new.push:
            as_service(PUSH, lambda tx: store.set_receiver(tx, new.name, new.push))
    except BaseException:
        path.unlink()
        raise
    acts.log_act("partner_added", "A partner was made.", partner=new.name)
    sheet = Sheet(new, urls.amqp_url, urls.vhost, password, keys)
    if options.json:
        print_json(sheet.document())
    else:
        say(f"{new.name} is a partner now, as {short_path(path)} says.\n")
        sheet.show()
    return 0


def main_rotate(options: argparse.Namespace) -> int:
    """Give a partner another password, close its connections, and print how it connects."""
    one = _declared(options.name)
    if one.in_secrets:
        sentence = (
            f"the password of {one.name} is among the secrets of the installation: "
            f"impex secrets FOLDER --new-password {one.name}, then impex provision"
        )
        raise ConfigurationError([("NAME", sentence)])
    if not one.logs_in:
        sentence = f"{one.name} has no password: its events are pushed, and it publishes nothing"
        raise ConfigurationError([("NAME", sentence)])
    urls = _admin_urls()
    password = new_password()

    def change(admin: BrokerAdmin) -> None:
        # What is open under the former password ends with the user; queues and messages stay.
        admin.delete(f"users/{quote(one.name, safe='')}")
        admin.import_definitions(partner_definitions(urls.vhost, one, password))

    _as_administrator(urls, change)
    acts.log_act("partner_rotated", "A partner has another password.", partner=one.name)
    sheet = Sheet(one, urls.amqp_url, urls.vhost, password)
    if options.json:
        print_json(sheet.document())
        return 0
    say(f"{one.name} has another password; what it had open is closed.\n")
    sheet.show()
    return 0


def main_remove(options: argparse.Namespace) -> int:
    """Remove a partner with its queues; exit code 1 where nobody agreed to it."""
    name, path = options.name, path_of(options.name)
    if path.exists() and not os.access(path.parent, os.W_OK):
        # With its file it would be made again by the next `impex provision`.
        raise ImpexError(f"{path} can only be read here: delete it first (docs/partners.md)")
    urls = _admin_urls()

    def queues(admin: BrokerAdmin) -> list[str]:
        user = admin.users().get(name)
        if not path.exists() and (user is None or PARTNER_TAG not in user["tags"]):
            raise _unknown(name)
        there = {one["name"] for one in admin.queues(urls.vhost)}
        return [one for one in topology.partner_queues(name) if one in there]

    # Its file may be gone, or say something else by now.
    pushed = _was_pushed(name)
    there = _as_administrator(urls, queues)
    with explained(AMQP_URL, urls.amqp_url):
        lost = run_blocking(_counts(urls.amqp_url, there))
    counts = dict(lost)
    if pushed:
        counts |= {"waits to be posted": pushed.waiting, "given up": pushed.given_up}
    say(f"This removes the partner {name}: its login, its rights and its queues.")
    for where, count in counts.items():
        if count:
            say(f"  {where}: {count} {'message' if count == 1 else 'messages'} will be lost")
    if not any(counts.values()):
        say("  No message waits for it.")
    if pushed:
        say("  The list of what was posted to it is deleted.")
    say("  What it published stays.")
    if not options.yes and not _agreed(f"impex partner remove {name} --yes"):
        say("Nothing was removed.")
        return 1

    def remove(admin: BrokerAdmin) -> None:
        place = quote(urls.vhost, safe="")
        admin.delete(f"users/{quote(name, safe='')}")
        for queue in lost:
            admin.delete(f"queues/{place}/{quote(queue, safe='')}")
        admin.delete(f"exchanges/{place}/{quote(topology.retry_exchange(name), safe='')}")
        admin.delete(f"policies/{place}/{quote(topology.partner_queue(name), safe='')}")

    _as_administrator(urls, remove)
    if pushed:
        as_service(PUSH, lambda tx: store.delete_receiver(tx, name))
    if path.exists():  # in a folder that can only be read, deleting what is gone fails too
        path.unlink()
    number = sum(counts.values())
    acts.log_act("partner_removed", "A partner was removed.", partner=name, lost=number)
    say(f"{name} is removed.")
    return 0


def main_list(options: argparse.Namespace) -> int:
    """Print every partner with what it hears and emits, and what waits for it."""
    where, partners = resolve_broker(), declared()
    with (
        at_management(where),
        closing(BrokerAdmin(where.management_url)) as admin,
    ):
        there = {str(one["name"]): one for one in admin.queues(where.vhost)}
    pushed, why_not = _pushed(partners)
    found = [_listed(one, there, pushed) for one in partners]
    known = {one.name for one in partners}
    suffix = topology.partner_queue("")
    others = [name.removesuffix(suffix) for name in there if name.endswith(suffix)]
    queued = {*others} - known - {topology.UNROUTED}
    if options.json:
        print_json(found)
        return 0
    logins = _logins()
    heads = ("partner", "ready", "waiting", "dead")
    if found:
        rows = [tuple(one[head] for head in heads) for one in found]
        print_rows(heads, [["not known" if cell is None else cell for cell in row] for row in rows])
    for one in found:
        for kind in ("hears", "emits"):
            say(f"\n  {one['partner']} {kind} {'nothing' if not one[kind] else ''}".rstrip())
            for event in one[kind]:
                say(f"    {event}")
        if one["push"]:
            say(f"\n  {one['partner']} is posted to at\n    {one['push']}")
            if one["pushed"] is None:
                say(f"    what waits to be posted is not known: {why_not}")
            else:
                say(
                    "    {waiting} wait to be posted, {given_up} were given up".format(
                        **one["pushed"]
                    )
                )
            say(f"    impex partner deliveries {one['partner']} shows them")
    for name in sorted(queued | (logins or set()) - known):
        has = "a queue" if name in queued else "a login"
        say(f"\n  {name} has {has} and no file: impex partner remove {name}")
    if logins is None:
        say(f"\n  Logins without a file are listed with {AMQP_URL} and {MANAGEMENT_URL} only.")
    return 0


def _logins() -> set[str] | None:
    """Who has a partner's login in the virtual host, which the administrator alone can read; None
    where the administrator's addresses are not given."""
    try:
        urls = _admin_urls()
    except ConfigurationError:
        return None

    def read(admin: BrokerAdmin) -> set[str]:
        here = admin.call("GET", f"vhosts/{quote(urls.vhost, safe='')}/permissions")
        theirs = {name for name, user in admin.users().items() if PARTNER_TAG in user["tags"]}
        return theirs & {str(one["user"]) for one in here}

    return _as_administrator(urls, read)


def _pushed(partners: Sequence[Partner]) -> tuple[dict[str, DeliveryCounts] | None, str]:
    """What the service push has of every partner; None, and why, where it cannot be read."""
    if not any(one.push for one in partners):
        return {}, ""
    try:
        return as_service(PUSH, operator_deliveries.count_deliveries), ""
    except ConfigurationError as error:
        return None, "; ".join(f"{name}: {sentence}" for name, sentence in error.problems)
    except (ImpexError, OSError) as error:
        return None, str(error)


def _listed(
    one: Partner, there: dict[str, Any], pushed: dict[str, DeliveryCounts] | None
) -> dict[str, Any]:
    """One partner. `waiting` and `dead` are its queues' and what is pushed, None where that is not
    known."""

    def held(*queues: str) -> int:
        return sum(int(there.get(name, {}).get("messages", 0)) for name in queues)

    waiting = held(*(topology.retry_queue(one.name, step) for step in topology.RETRY_DELAYS))
    dead = held(topology.dead_queue(one.name))
    counts = None if pushed is None else pushed.get(one.name, DeliveryCounts(waiting=0, given_up=0))
    known = counts is not None or not one.push
    return {
        "partner": one.name,
        "ready": held(topology.partner_queue(one.name)),
        "waiting": waiting + (counts.waiting if counts else 0) if known else None,
        "dead": dead + (counts.given_up if counts else 0) if known else None,
        "hears": [event.TYPE for event in one.hears],
        "emits": [event.TYPE for event in one.emits],
        "in_secrets": one.in_secrets,
        "push": one.push or None,
        "pushed": asdict(counts) if counts and one.push else None,
    }


def _declared(name: str) -> Partner:
    for one in declared():
        if one.name == name:
            return one
    raise _unknown(name)


def _unknown(name: str) -> ConfigurationError:
    names = ", ".join(one.name for one in declared()) or "none"
    return ConfigurationError([("NAME", f"{name[:60]} is not a partner; there are: {names}")])


def _admin_urls() -> AdminUrls:
    """The administrator's addresses of the broker: of the settings, else of the `impex up` that
    runs in this folder. ConfigurationError names the settings that are missing."""
    where = paths()
    state = read_running_state(where)
    given = any(secret(os.environ, name) for name in (AMQP_URL, MANAGEMENT_URL))
    password = where.secrets / BROKER_ADMINISTRATOR
    if state is None or given or not password.exists():
        found = required(os.environ, AMQP_URL, MANAGEMENT_URL)
        return AdminUrls("", found[AMQP_URL], found[MANAGEMENT_URL])
    login = {"user": ADMIN, "password": password.read_text().strip()}
    broker, management = (state.addresses[name] for name in ("broker", "broker_management"))
    return AdminUrls("", with_url_parts(broker, **login), with_url_parts(management, **login))


def _as_administrator(urls: AdminUrls, work: Callable[[BrokerAdmin], T]) -> T:
    """Do `work`; fails as `explained` says."""
    with (
        explained(MANAGEMENT_URL, urls.management_url),
        closing(BrokerAdmin(urls.management_url)) as admin,
    ):
        return work(admin)


def _was_pushed(name: str) -> DeliveryCounts | None:
    """What is held of a partner whose events are, or were, posted to an address; None for
    others."""
    if not any(one.name == name and one.push for one in declared()):
        try:
            configured_or_running(PUSH_DATABASE)
        except ConfigurationError:
            return None
    return as_service(PUSH, operator_deliveries.count_deliveries).get(name)


async def _counts(amqp_url: str, queues: Sequence[str]) -> dict[str, int]:
    """How many messages wait in each queue at this moment, which the management API does not
    know."""
    async with open_channel(amqp_url, "operator.partner") as channel:
        found = [(one, await channel.queue_declare(one, passive=True)) for one in queues]
    return {queue: there.message_count or 0 for queue, there in found}


def _agreed(command: str) -> bool:
    if not sys.stdin.isatty():
        say(f"There is nobody to ask; `{command}` does not ask.")
        return False
    return input("Type yes to remove it: ").strip().lower() == "yes"
