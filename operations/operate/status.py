"""`impex status`: services, addresses and queues of what runs from this folder."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from operations.install.paths import paths
from operations.local.processes import memory_of
from operations.local.stack import responds
from operations.local.state import ProcessIdentity, State, read_running_state
from operations.operate.endpoints import resolve_broker
from operations.operate.queues import Depth, depths, show
from operations.printing import print_json, print_rows
from shared.errors import ImpexError


def parts(state: State) -> list[dict[str, Any]]:
    """Every child process: name, pid, ready (without a health page: alive), memory in bytes."""

    def one(item: tuple[str, ProcessIdentity]) -> dict[str, Any]:
        name, child = item
        alive = child.runs()
        ready = alive and (name not in state.health or responds(state.health[name]))
        pid = child.pid if alive else None
        return {"name": name, "pid": pid, "ready": ready, "memory": memory_of(child.pid)}

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, state.children.items()))


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when everything is ready, 1 when something is not or nothing runs."""
    state = read_running_state(paths())
    if state is None:
        if options.json:
            print_json({"running": False})
        else:
            print("IMPEXWEB does not run from this folder; `make up` starts it.")
        return 1
    queues: list[Depth] | None
    try:
        queues = depths(resolve_broker())
    except (OSError, ImpexError):
        queues = None
    found: dict[str, Any] = {
        "running": True,
        "ready": state.ready,
        "since": state.since,
        "launcher": state.launcher.pid,
        "addresses": state.addresses,
        "parts": parts(state),
        "queues": None if queues is None else [asdict(row) for row in queues],
    }
    if options.json:
        print_json(found)
    else:
        _show(found, queues)
    return 0 if state.ready and all(part["ready"] for part in found["parts"]) else 1


def _show(found: dict[str, Any], queues: list[Depth] | None) -> None:
    print(f"IMPEXWEB runs since {found['since']} (process {found['launcher']})\n")
    rows = []
    for part in found["parts"]:
        memory = "-" if part["memory"] is None else f"{part['memory'] / 1_048_576:.0f} MB"
        ready = "ready" if part["ready"] else "NOT READY"
        rows.append((part["name"], ready, part["pid"] or "-", memory))
    print_rows(("part", "state", "process", "memory"), rows)
    print()
    print_rows(("address", ""), [(n.replace("_", " "), u) for n, u in found["addresses"].items()])
    print()
    if queues is None:
        print("  the queues cannot be asked for: the broker does not answer")
    else:
        show(queues)
