"""Files for other machines are compared with the code that they refer to.

`compose.yaml`, `Dockerfile`, `deploy/`, the generated reference, the Makefile, the locks.
"""

import json
import os
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from operations import service_registry
from operations.cli import parser
from operations.docs.generate_docs import documents
from operations.install.paths import ROOT
from operations.provision.install_commands import operator_settings
from tests.support.servers import fork_server
from tests.support.strict_yaml import load_yaml

COMPOSE: dict[str, Any] = load_yaml((ROOT / "compose.yaml").read_text("utf-8"))
CONTAINERS: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, one in CONTAINERS.items() if one.get("image") == "impexweb"]
RUNNING = [name for name in OURS if CONTAINERS[name]["command"][0] == "run"]


def test_every_service_has_a_container_and_nothing_else_has() -> None:
    assert sorted(RUNNING) == sorted(service_registry.service_names())
    for name in RUNNING:
        assert CONTAINERS[name]["command"] == ["run", name]


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_a_verb_that_parses(name: str) -> None:
    options = parser().parse_args([str(word) for word in CONTAINERS[name]["command"]])
    assert callable(options.do)


@pytest.mark.parametrize("name", RUNNING)
def test_a_service_is_given_its_settings_and_no_others(name: str) -> None:
    one = service_registry.service(name)
    given = CONTAINERS[name]["environment"]
    secrets = service_registry.setting_names(one, secret=True)
    known = service_registry.setting_names(one) | {f"{secret}_FILE" for secret in secrets}
    assert set(given) <= known
    assert {f"{secret}_FILE" for secret in secrets} <= set(given), "every secret, as a file"
    assert not secrets & set(given), "no secret in the environment"


@pytest.mark.parametrize(("name", "needed"), [("provision", set(operator_settings()))])
def test_the_operators_jobs_are_given_what_they_read(name: str, needed: set[str]) -> None:
    assert set(CONTAINERS[name]["environment"]) == {f"{one}_FILE" for one in needed}


@pytest.mark.parametrize("name", [*RUNNING, "provision", "migrate"])
def test_cr_07_each_container_sees_its_own_secrets_only(name: str) -> None:
    mine = name if name in RUNNING else "operator"
    assert CONTAINERS[name]["volumes"] == [f"secrets-{mine}:/run/impex:ro"]


def test_cr_07_every_secret_file_is_made(tmp_path: Path) -> None:
    command = [str(word) for word in CONTAINERS["secrets"]["command"]]
    command[1] = str(tmp_path)
    if os.getuid() != 0:
        command = [word for word in command if not word.startswith("--owner")]
    done = fork_server.run(command, {"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    folders = {
        volume.split(":")[1].rpartition("/")[2] for volume in CONTAINERS["secrets"]["volumes"]
    }
    assert folders == {path.name for path in tmp_path.iterdir()}
    for name, one in CONTAINERS.items():
        for mounted in one.get("volumes", []):
            if not mounted.startswith("secrets-") or name == "secrets":
                continue
            folder = tmp_path / mounted.split(":")[0].removeprefix("secrets-")
            for setting, path in one.get("environment", {}).items():
                if setting.endswith("_FILE"):
                    assert (folder / Path(path).name).read_text().strip(), (name, setting)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    done = fork_server.run(command, {"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert before == after, "what has not changed is not written again"


def test_o_03_each_container_owns_its_secrets() -> None:
    """Only `secrets` runs as root; the others read files that nobody else can."""
    owners = [
        word.removeprefix("--owner=")
        for word in CONTAINERS["secrets"]["command"]
        if word.startswith("--owner")
    ]
    (uid,) = re.findall(r"useradd .*--uid (\d+)", dockerfile())
    # The user of postgres:15 and of rabbitmq:3.10-management is 999.
    assert owners == [uid, "postgresql=999", "rabbitmq=999"]
    assert "CHOWN" in CONTAINERS["secrets"]["cap_add"]
    assert [name for name in OURS if CONTAINERS[name].get("user")] == ["secrets"]


@pytest.mark.parametrize("name", RUNNING)
def test_a_container_is_watched_drained_and_bare(name: str) -> None:
    one = CONTAINERS[name]
    port = str(one["environment"][f"IMPEX_{name.upper()}_HEALTH_PORT"])
    assert f":{port}/health/ready" in " ".join(one["healthcheck"]["test"])
    assert one["stop_grace_period"] == "40s"
    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]
    assert "container_name" not in one, "a service may be scaled"


def test_ports_are_published_on_the_loopback_address_only() -> None:
    ports = [port for one in CONTAINERS.values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_everything_waits_for_what_it_needs() -> None:
    for name, one in CONTAINERS.items():
        for needed, condition in one.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in CONTAINERS[needed], (name, needed)
    assert {"postgresql", "rabbitmq"} == set(CONTAINERS["provision"]["depends_on"])


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_the_image_runs_unprivileged_with_hashed_runtime_packages_only() -> None:
    text = dockerfile()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER impex$", last, re.MULTILINE)
    assert "--require-hashes -r requirements.lock" in text
    assert "npm ci --ignore-scripts" in text
    assert 'ENTRYPOINT ["python", "-m", "operations"]' in last
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {
        "node:20-bookworm-slim",
        "python:3.11-slim-bookworm",
    }


def test_files_copied_into_the_image_exist_and_are_not_ignored() -> None:
    let_through = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert source.split("/")[0] in let_through
    for path in re.findall(r"node_modules/\S+\.js", dockerfile()):
        assert (ROOT / path).exists()
    assert "targets" not in COMPOSE
    assert CONTAINERS["maildev"]["build"]["target"] == "catcher"


def test_cr_07_no_shipped_file_contains_a_secret() -> None:
    for name in ("Dockerfile", "compose.yaml", "deploy/definitions.json", "deploy/roles.sql"):
        text = (ROOT / name).read_text()
        assert not re.search(r"password(_hash)?[\"']?\s*[:=]\s*[\"']?\w{8,}", text, re.IGNORECASE)


def locked(name: str) -> dict[str, str]:
    """The version of every package of a lock file."""
    lock = (ROOT / name).read_text()
    found = re.findall(r"^([a-zA-Z0-9._-]+)==(\S+)", lock, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def closure() -> set[str]:
    """What our dependencies need, by the packages' metadata."""
    found: set[str] = set()
    due = [
        Requirement(one)
        for one in metadata.requires("impexweb") or []
        if "extra ==" not in one.replace('"', "'")
    ]
    while due:
        need = due.pop()
        name = canonicalize_name(need.name)
        if name in found:
            continue
        found.add(name)
        for text in metadata.requires(name) or []:
            one = Requirement(text)
            extras = need.extras or {""}
            if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras):
                due.append(one)
    return found


def test_the_images_packages_are_what_the_services_need_and_no_test_tool() -> None:
    packages = locked("requirements.lock")
    assert closure() <= packages.keys()
    tools = {"pytest", "mypy", "ruff", "playwright", "uv", "hypothesis", "aiosmtpd", "pre-commit"}
    assert not packages.keys() & tools


def test_both_locks_choose_the_same_versions() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("name", sorted(documents()))
def test_generated_files_are_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == documents()[name], "`make docs` writes it again"


def test_the_reference_is_an_asyncapi_3_document() -> None:
    found = json.loads(documents()["docs/asyncapi.json"])
    assert found["asyncapi"] == "3.0.0"
    for operation in found["operations"].values():
        channel = operation["channel"]["$ref"].rpartition("/")[2]
        assert channel in found["channels"]
    for channel in found["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].rpartition("/")[2] in found["components"]["messages"]


def test_make_alone_prints_the_verbs() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"help"}
    assert set(re.findall(r"^  make (\w+) ", done.stdout, re.MULTILINE)) == targets
    assert targets >= {"up", "test", "lint", "status", "reset", "bench", "docs", "lock"}


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "package-lock.json", "package.json"]
)
def test_locks_hold_hashes_and_no_registry_address(name: str) -> None:
    text = (ROOT / name).read_text()
    if name != "package-lock.json":
        assert "://" not in text
    if name.startswith("requirements"):
        entries = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)
        assert len(entries) <= text.count("--hash=sha256:")
    if name == "package-lock.json":
        packages = json.loads(text)["packages"]
        assert not [path for path, one in packages.items() if "resolved" in one]
        assert not [path for path, one in packages.items() if path and "integrity" not in one]
