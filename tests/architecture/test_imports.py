"""Services know no other, `shared` knows no service, rules do no I/O, tests import downwards.

Imports are read from the syntax tree, so an import inside a function counts too.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from services.gateway.app import PAGES
from shared.contracts import base, load_contracts

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(p.name for p in (ROOT / "services").iterdir() if (p / "service.py").exists())
#: The desk lies in the gateway's folder, whose layers it shares.
DESK = ROOT / "services/gateway/desk"
PARTS = (
    "README.md",
    "__main__.py",
    "service.py",
    "settings.py",
    "handlers",
    "migrations",
)

#: The modules of each service that hold its rules: pure, time and randomness passed in.
RULES = {
    "registration": (
        "account_requests",
        "accounts",
        "common_words",
        "email_addresses",
        "email_typos",
        "login_throttle",
        "passwords",
        "terms",
        "views",
    ),
    "mailer": ("deliveries", "messages"),
    "mfa": ("codes", "enrolments", "failed_codes", "recovery_codes", "totp"),
    "dossiers": ("dossier_updates", "list_query", "search_text"),
    "profile": (
        "corrections",
        "establishment",
        "establishment_record",
        "fields",
        "phones",
        "text_rules",
    ),
    "support": (
        "act_details",
        "agents",
        "journal_chain",
        "journal_entries",
        "journal_rules",
        "journal_verification",
        "journal_views",
        "permissions",
        "proposals",
        "views",
    ),
    "operations": (),
    "push": ("network_rules", "schedule", "signatures"),
    "gateway": ("http/client_ip", "i18n", "sessions/model", "sessions/tokens"),
}
#: Modules that rules may not import: network, servers, event loop, clocks.
INPUT_OUTPUT = {
    "aio_pika", "aiohttp", "aiormq", "aiosmtplib", "asyncio", "asyncpg", "random", "secrets",
    "socket", "subprocess", "threading", "uvloop",
}  # fmt: skip
OURS_WITH_IO = ("shared.database", "shared.messaging", "shared.outbox", "shared.runtime.service")


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, absolute, at any depth."""
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[str]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, base] if base else parts)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    for path in python_files(f"services/{service}"):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "services" and len(parts) > 1:
                assert parts[1] == service, f"{path.relative_to(ROOT)} imports {name}"
            assert parts[0] not in {"operations", "tests"}, (
                f"{path.relative_to(ROOT)} imports {name}"
            )


def test_shared_imports_no_service_and_no_operation() -> None:
    for path in python_files("shared"):
        for name in imports_of(path):
            assert name.split(".")[0] not in {"services", "operations", "tests"}, (
                f"{path.relative_to(ROOT)} imports {name}"
            )


def test_shared_names_no_service_outside_the_contracts() -> None:
    """`shared` knows no service: outside the contracts its strings hold no service's name."""
    for path in python_files("shared"):
        if "contracts" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(
                    tuple(f"shared.contracts.{s}" for s in SERVICES)
                ), f"{path.relative_to(ROOT)} imports {node.module}"


@pytest.mark.parametrize("service", SERVICES)
def test_rules_import_no_input_or_output(service: str) -> None:
    for module in RULES[service]:
        files = [*(ROOT / "services" / service).glob(f"{module}.py")]
        files += (ROOT / "services" / service / module).rglob("*.py")
        assert files, f"services/{service}/{module}.py is named as rules and does not exist"
        for path in files:
            for name in imports_of(path):
                assert name.split(".")[0] not in INPUT_OUTPUT, f"{path.relative_to(ROOT)}: {name}"
                assert not name.startswith(OURS_WITH_IO), f"{path.relative_to(ROOT)}: {name}"


#: The layers of the gateway below its features, and what each may import of the gateway. `http` and
#: `sessions` share request state, so each knows the other; no module of them is in a cycle.
GATEWAY_LAYERS = {
    "i18n": ("i18n",),
    "http": ("i18n", "http", "sessions"),
    "sessions": ("i18n", "http", "sessions"),
    "clients": ("http", "clients"),
    "portal": ("i18n", "http", "sessions", "clients", "portal"),
}


@pytest.mark.parametrize("layer", GATEWAY_LAYERS)
def test_no_layer_of_the_gateway_imports_upward(layer: str) -> None:
    below = tuple(f"services.gateway.{name}." for name in GATEWAY_LAYERS[layer])
    for path in python_files(f"services/gateway/{layer}"):
        for name in imports_of(path):
            if name.startswith("services.gateway."):
                assert f"{name}.".startswith(below), f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("layer", ["i18n", "http", "sessions"])
def test_layers_without_pages_name_no_page(layer: str) -> None:
    """A second front end passes in pages of its own."""
    names, leading = {page.name for page in PAGES}, ("url", "redirect", "Redirect")
    for path in python_files(f"services/gateway/{layer}"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in leading:
                literals = {one.value for one in node.args if isinstance(one, ast.Constant)}
                assert not literals & names, f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
    assert not list((ROOT / "services/gateway" / layer).rglob("*.html"))


@cache
def product_modules() -> dict[str, Path]:
    """Every module of the product by its name."""
    modules: dict[str, Path] = {}
    for top in ("services", "shared", "operations"):
        for path in python_files(top):
            parts = path.relative_to(ROOT).with_suffix("").parts
            modules[".".join(parts).removesuffix(".__init__")] = path
    return modules


def imported_on_loading(nodes: list[ast.stmt]) -> Iterator[str]:
    """What a module imports while it is loaded, not within functions. Imports are absolute."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from imported_on_loading(node.body)


def test_no_modules_of_the_product_import_each_other_in_a_circle() -> None:
    modules = product_modules()
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, path in modules.items():
        found = imported_on_loading(ast.parse(path.read_text(encoding="utf-8")).body)
        sorter.add(name, *({one for one in found if one in modules} - {name}))
    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize("front_end", ["services.gateway.service", "services.gateway.desk.service"])
def test_a_front_end_does_not_load_the_public_suffix_list(front_end: str) -> None:
    """It takes 0.7 MiB of a process, and is for those who judge names and addresses."""
    modules, loaded, found = product_modules(), {front_end}, [front_end]
    while found:
        nodes = ast.parse(modules[found.pop()].read_text(encoding="utf-8")).body
        new = {one for one in imported_on_loading(nodes) if one in modules} - loaded
        loaded |= new
        found += new
    assert len(loaded) > 100
    assert "shared.domain.public_suffixes" not in loaded


@pytest.mark.parametrize("front_end", ["services/gateway", "services/gateway/desk"])
def test_a_feature_of_a_front_end_imports_no_other_feature(front_end: str) -> None:
    features = f"{front_end.replace('/', '.')}.features."
    files = python_files(f"{front_end}/features")
    assert files
    for path in files:
        own = f"{features}{path.relative_to(ROOT / front_end / 'features').parts[0]}."
        for name in imports_of(path):
            if name.startswith(features):
                assert f"{name}.".startswith(own), f"{path.relative_to(ROOT)} imports {name}"


def test_portal_and_desk_know_nothing_of_each_other() -> None:
    """The desk reuses the layers below the portal's features, and those of `portal` that name no
    applicant; the portal does not know that there is a desk."""
    for path in python_files("services/gateway"):
        in_desk = path.is_relative_to(DESK)
        for name in imports_of(path):
            if in_desk:
                others = ("services.gateway.features", "services.gateway.app")
                assert not name.startswith(others), f"{path.relative_to(ROOT)} imports {name}"
                assert "PRESESSIONS" not in name, f"{path.relative_to(ROOT)} imports {name}"
            else:
                there = name.startswith("services.gateway.desk")
                assert not there, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("service", [*SERVICES, "gateway/desk"])
def test_every_service_has_the_same_parts(service: str) -> None:
    folder = ROOT / "services" / service
    composition = (folder / "service.py").read_text(encoding="utf-8")
    silent = "hears=" not in composition and "answers=" not in composition
    for part in PARTS:
        if part == "handlers" and silent:
            continue  # no messages come in, so there is nothing to handle
        assert (folder / part).exists() or (folder / f"{part}.py").exists(), f"{service}: no {part}"
    # The SQL is in `store.py`, or in one `*_store.py` per subject.
    if folder != DESK:  # its tables are those of the gateway's sessions
        assert list(folder.rglob("*store.py")), f"{service}: no store"


#: Tests by level: each may import helpers of its own level and of those before it. Helpers of more
#: than one level are in `tests.support`, which imports no level.
LEVELS = (
    ("unit", "contract", "architecture"),
    ("integration",),
    ("accessibility", "faults", "journeys", "operations", "security"),
)


def test_no_test_imports_from_a_conftest() -> None:
    for path in (*python_files("tests"), *python_files("benchmarks")):
        for name in imports_of(path):
            assert "conftest" not in name.split("."), f"{path.relative_to(ROOT)} imports {name}"


def test_no_test_imports_from_a_higher_level() -> None:
    rank = {"support": 0} | {
        folder: number for number, level in enumerate(LEVELS, 1) for folder in level
    }
    for path in python_files("tests"):
        parts = path.relative_to(ROOT).parts
        if len(parts) < 3:
            continue  # the conftest of all levels
        for name in imports_of(path):
            used = name.split(".")
            if used[0] == "tests" and len(used) > 1:
                assert rank[used[1]] <= rank[parts[1]], f"{path.relative_to(ROOT)} imports {name}"


def test_every_benchmark_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test runs them. Their sample contract is none of the system's."""
    load_contracts()
    monkeypatch.setattr(base, "EVENTS", dict(base.EVENTS))
    monkeypatch.setattr(base, "REQUESTS", dict(base.REQUESTS))
    importlib.import_module("benchmarks.__main__")
