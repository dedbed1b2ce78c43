"""`impex status`: services, addresses and queues of what runs from this folder."""

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from operations.install.paths import Paths, paths
from operations.local.processes import memory_of
from operations.local.stack import responds
from operations.local.state import ProcessIdentity, State, read_running_state
from operations.operate.endpoints import resolve_broker
from operations.operate.queues import Depth, depths, show
from operations.printing import human_bytes, print_json, print_rows
from shared.errors import ImpexError


def parts(state: State) -> list[dict[str, Any]]:
    """Every child process: name, pid, ready (None where it has no health page), memory in bytes."""

    def one(item: tuple[str, ProcessIdentity]) -> dict[str, Any]:
        name, child = item
        alive = child.runs()
        ready: bool | None = alive
        if name in state.health:
            ready = alive and responds(state.health[name])
        pid = child.pid if alive else None
        return {"name": name, "pid": pid, "ready": ready, "memory": memory_of(child.pid)}

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, state.children.items()))


def collect(where: Paths) -> dict[str, Any]:
    """What `--json` prints."""
    state = read_running_state(where)
    if state is None:
        return {"running": False}
    queues: list[Depth] | None
    try:
        queues = depths(resolve_broker(where))
    except (OSError, ImpexError):
        queues = None
    return {
        "running": True,
        "ready": state.ready,
        "since": state.since,
        "launcher": state.launcher.pid,
        "addresses": state.addresses,
        "parts": parts(state),
        "queues": None if queues is None else [asdict(row) for row in queues],
    }


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when everything is ready, 1 when something is not or nothing runs."""
    found = collect(paths())
    if options.json:
        print_json(found)
    elif not found["running"]:
        print("IMPEXWEB does not run from this folder; `make up` starts it.")
    else:
        _show(found)
    every_part = all(part["ready"] for part in found.get("parts", []))
    return 0 if found.get("ready") and every_part else 1


def _show(found: dict[str, Any]) -> None:
    words: Callable[[bool | None], str] = lambda ready: "ready" if ready else "NOT READY"  # noqa: E731
    print(f"IMPEXWEB runs since {found['since']} (process {found['launcher']})\n")
    print_rows(
        ("part", "state", "process", "memory"),
        [
            (part["name"], words(part["ready"]), part["pid"] or "-", human_bytes(part["memory"]))
            for part in found["parts"]
        ],
    )
    print()
    print_rows(("address", ""), [(n.replace("_", " "), u) for n, u in found["addresses"].items()])
    print()
    if found["queues"] is None:
        print("  the queues cannot be asked for: the broker does not answer")
    else:
        show([Depth(**row) for row in found["queues"]])
