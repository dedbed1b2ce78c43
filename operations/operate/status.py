"""`impex status`: servers, services, mails and queues; what answers, and what waits.

Of what runs from this folder, or else of an installation that the settings name. Ready means that
each server answers by its own protocol, and each service says so or consumes its queue.
"""

import argparse
import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from operations.install.paths import paths
from operations.local.processes import memory_of
from operations.local.stack import responds
from operations.local.state import ProcessIdentity, State, read_running_state
from operations.operate import probes, queues
from operations.operate.endpoints import OPERATOR_URL, as_service, resolve_broker, secret
from operations.printing import print_json, print_rows, say
from services.mailer.operator_mails import MAIL_STATES, count_mails
from shared.errors import ConfigurationError, ImpexError
from shared.messaging.queue_states import QueueState
from shared.runtime.service import utc_now
from shared.security.connection_urls import place_of

MAIL_SERVER, MAILER_DATABASE = "IMPEX_SMTP_URL", "IMPEX_MAILER_DATABASE_URL"
#: Where the address of each server is given.
SETTINGS = {"RabbitMQ": OPERATOR_URL, "PostgreSQL": MAILER_DATABASE, "mail server": MAIL_SERVER}


def parts(state: State) -> list[dict[str, Any]]:
    """Every child process: name, pid, ready (without a health page: alive), memory in bytes, and
    how often it ended by itself."""

    def one(item: tuple[str, ProcessIdentity]) -> dict[str, Any]:
        name, child = item
        alive = child.runs()
        ready = alive and (name not in state.health or responds(state.health[name]))
        restart = state.restarts.get(name)
        return {
            "name": name,
            "pid": child.pid if alive else None,
            "ready": ready,
            "memory": memory_of(child.pid),
            "restarts": 0 if restart is None else restart.count,
            "last_end": None if restart is None else asdict(restart),
        }

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, state.children.items()))


def servers(state: State | None) -> dict[str, str | ConfigurationError]:
    """The addresses of the servers by their names, as far as they are known, or why they are
    wrong."""
    if state is not None:
        known = state.addresses
        found = {name: known.get(key, "") for name, key in (
            ("RabbitMQ", "broker"), ("PostgreSQL", "database"), ("mail server", "smtp"),
        )}  # fmt: skip
        return {name: url for name, url in found.items() if url}
    given: dict[str, str | ConfigurationError] = {}
    for name, setting in SETTINGS.items():
        try:
            if url := secret(os.environ, setting):
                given[name] = url
        except ConfigurationError as error:
            given[name] = error
    return given


def answers(addresses: Mapping[str, str | ConfigurationError]) -> list[dict[str, str]]:
    """Each server with its place and why it does not answer, empty where it does."""

    async def answer(name: str, url: str | ConfigurationError) -> dict[str, str]:
        if isinstance(url, ConfigurationError):
            return {"name": name, "at": "", "problem": _sentence(url)}
        problem = await probes.problem(url)
        return {"name": name, "at": _place(url), "problem": problem}

    async def ask() -> list[dict[str, str]]:
        return await asyncio.gather(*(answer(*one) for one in addresses.items()))

    return asyncio.run(ask())


def _place(url: str) -> str:
    try:
        return place_of(url)
    except ValueError:
        return ""


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when everything is ready, 1 when something is not or nothing runs."""
    state = read_running_state(paths())
    known = servers(state)
    if not known:
        if options.json:
            print_json({"running": False})
        else:
            say(
                "IMPEXWEB does not run from this folder; `make up` starts it. For another "
                f"installation set {OPERATOR_URL}, {MAILER_DATABASE} and {MAIL_SERVER}."
            )
        return 1
    found: dict[str, Any] = {"running": True, "servers": answers(known)}
    rows, problem = _queues()
    found["queues"] = None if rows is None else [queues.document(row) for row in rows]
    found["mails"], mail_problem = _mails()
    ready = not any(one["problem"] for one in found["servers"])
    if state is not None:
        found |= {
            "since": state.since,
            "launcher": state.launcher.pid,
            "addresses": state.addresses,
            "parts": parts(state),
        }
        ready = ready and state.ready and all(part["ready"] for part in found["parts"])
    else:
        ready = ready and rows is not None and not any(row.is_stopped for row in rows)
    found["ready"] = ready
    if options.json:
        print_json(found)
    else:
        _show(found, rows, problem, mail_problem)
    return 0 if ready else 1


def _queues() -> tuple[list[QueueState] | None, str]:
    """The rows, or None and why not."""
    try:
        return asyncio.run(queues.read_queues(resolve_broker())), ""
    except (OSError, ImpexError) as error:
        return None, _sentence(error)


def _mails() -> tuple[dict[str, int] | None, str]:
    """How many mails of each state, and refused ones that cannot be sent again, or None and why
    not."""
    try:
        counts = as_service("mailer", count_mails)
        return {**dict(counts.states.items()), "unsendable": counts.unsendable}, ""
    except (OSError, ImpexError) as error:
        return None, _sentence(error)


def _sentence(error: Exception) -> str:
    if isinstance(error, ConfigurationError):
        return "; ".join(f"{name} {sentence}" for name, sentence in error.problems)
    return str(error)


def _show(
    found: dict[str, Any], rows: list[QueueState] | None, problem: str, mail_problem: str
) -> None:
    verdict = "ready" if found["ready"] else "NOT READY"
    since = f", since {found['since']} (process {found['launcher']})" if "since" in found else ""
    say(f"IMPEXWEB is {verdict}{since}\n")
    print_rows(
        ("server", "state", "at"),
        [
            (
                one["name"],
                f"NO ANSWER: {one['problem']}" if one["problem"] else "answers",
                one["at"],
            )
            for one in found["servers"]
        ],
    )
    if "parts" in found:
        say("")
        print_rows(
            ("part", "state", "process", "memory", "restarts"),
            [_part(one) for one in found["parts"]],
        )
        say("")
        addresses = found["addresses"].items()
        print_rows(("address", ""), [(name.replace("_", " "), url) for name, url in addresses])
    say("")
    if found["mails"] is None:
        say(f"  Mails: not known: {mail_problem}")
    elif not any(found["mails"].values()):
        say("  Mails: all accepted")
    else:
        say(f"  Mails: {_counted(found['mails'])}: impex mail list")
    say("")
    if rows is None:
        say(f"  Queues: not known: {problem}")
    else:
        queues.show(rows, with_all=False, now=utc_now())


def _counted(mails: dict[str, int]) -> str:
    """How many of each state there are; not all that were refused can be sent again."""
    found = [f"{mails[state]} {state}" for state in MAIL_STATES if mails[state]]
    if mails["unsendable"]:
        place = found.index(f"{mails['refused']} refused")
        found[place] += f" ({mails['unsendable']} cannot be sent again)"
    return ", ".join(found)


def _part(part: dict[str, Any]) -> tuple[str, str, object, str, str]:
    memory = "-" if part["memory"] is None else f"{part['memory'] / 1_048_576:.0f} MB"
    last = part["last_end"]
    restarts = f"{part['restarts']}, last {last['at']}, code {last['code']}" if last else "0"
    ready = "ready" if part["ready"] else "NOT READY"
    return part["name"], ready, part["pid"] or "-", memory, restarts
