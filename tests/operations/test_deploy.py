"""Files for other machines are compared with the code that they refer to.

`compose.yaml`, `Dockerfile`, `deploy/`, the generated reference, the Makefile, the locks.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
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
from operations.operate.endpoints import required
from operations.provision.install_commands import operator_settings
from services.gateway.http.design_system import copy_used
from services.gateway.http.static_files import Assets, find_dsfr
from shared.i18n.catalogue import LANGUAGES
from shared.security.connection_urls import validate_amqp_url
from shared.settings import CommonSettings, load
from tests.support.servers import fork_server
from tests.support.strict_yaml import load_yaml

COMPOSE: dict[str, Any] = load_yaml((ROOT / "compose.yaml").read_text("utf-8"))
CONTAINERS: dict[str, Any] = COMPOSE["services"]
PRODUCTION: dict[str, Any] = load_yaml((ROOT / "compose.production.yaml").read_text("utf-8"))
INSTALLED: dict[str, Any] = PRODUCTION["services"]
OURS = [name for name, one in CONTAINERS.items() if one.get("image") == "impexweb"]
RUNNING = [name for name in OURS if CONTAINERS[name]["command"][0] == "run"]
#: The only containers of our image with another user than its own, and what they do as root.
AS_ROOT = {"secrets": ["CHOWN", "DAC_OVERRIDE", "FOWNER"], "backup": ["DAC_OVERRIDE"]}


def interpolated(text: object) -> str:
    """A value as Compose reads it without any variable set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(text))


def test_every_service_has_a_container_and_nothing_else_has() -> None:
    assert sorted(RUNNING) == sorted(service_registry.service_names())
    for containers in (CONTAINERS, INSTALLED):
        for name in RUNNING:
            assert containers[name]["command"] == ["run", name]


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_a_verb_that_parses(name: str) -> None:
    options = parser().parse_args([str(word) for word in CONTAINERS[name]["command"]])
    assert callable(options.do)


@pytest.mark.parametrize("name", RUNNING)
def test_a_service_is_given_its_settings_and_no_others(name: str) -> None:
    one = service_registry.service(name)
    given = CONTAINERS[name]["environment"]
    assert set(given) - set(COMPOSE["x-environment"]) <= service_registry.setting_names(one)
    assert not service_registry.setting_names(one, secret=True) & set(given), "none in clear"


@pytest.mark.parametrize("name", [*RUNNING, "provision"])
def test_cr_07_each_container_sees_its_own_secrets_only(name: str) -> None:
    mine = name if name in RUNNING else "operator"
    more = ["./partners:/app/partners:ro"] if name == "provision" else []
    assert CONTAINERS[name]["volumes"] == [f"secrets-{mine}:/run/impex:ro", *more]


def secrets_dir(folder: Path) -> dict[str, str]:
    return {"IMPEX_SECRETS_DIR": str(folder)}


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
    for name in RUNNING:
        given = {key: interpolated(text) for key, text in CONTAINERS[name]["environment"].items()}
        load(service_registry.service(name).settings, given | secrets_dir(tmp_path / name))
    assert required(secrets_dir(tmp_path / "operator"), *operator_settings())
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
    # The user of postgres:15 and of rabbitmq:4-management is 999.
    assert owners == [uid, "postgresql=999", "rabbitmq=999"]
    assert CONTAINERS["postgresql"]["user"] == CONTAINERS["rabbitmq"]["user"] == "999:999"
    for containers in (CONTAINERS, INSTALLED):
        ours = {n: one for n, one in containers.items() if one.get("image") == "impexweb"}
        assert {n: one["cap_add"] for n, one in ours.items() if "user" in one} == AS_ROOT
    assert f"--owner={uid}" in INSTALLED["secrets"]["entrypoint"]


@pytest.mark.parametrize("name", RUNNING)
def test_a_container_is_watched_drained_and_bare(name: str) -> None:
    """The image's health check asks every health page of the environment."""
    for containers in (CONTAINERS, INSTALLED):
        one = containers[name]
        assert one["environment"][f"IMPEX_{name.upper()}_HEALTH_PORT"] == "9000"
        assert "healthcheck" not in one
        assert one["stop_grace_period"] == "40s"
        assert not {"container_name", "ports"} & set(one), "a service may be scaled"


def test_no_container_keeps_a_right_that_it_does_not_need() -> None:
    for containers in (CONTAINERS, INSTALLED):
        for name, one in containers.items():
            assert one["cap_drop"] == ["ALL"], name
            assert one["security_opt"] == ["no-new-privileges:true"], name
            assert one.get("cap_add", []) == AS_ROOT.get(name, [])
            assert one.get("read_only") or name == "rabbitmq", name
    helpers = set(CONTAINERS) - set(OURS)
    assert {n for n in helpers if "user" not in CONTAINERS[n]} == {"maildev"}, "USER in Dockerfile"


def test_the_image_is_built_once() -> None:
    for containers in (CONTAINERS, INSTALLED):
        ours = [one for one in containers.values() if one.get("image") == "impexweb"]
        assert [one["build"] for one in ours if "build" in one] == ["."]
        assert {one["pull_policy"] for one in ours if "build" not in one} == {"never"}


def test_four_processes_of_each_service_have_their_connections() -> None:
    """PostgreSQL keeps three for superusers; commands and migrations need some too."""
    (pool,) = {field.default for field in fields(CommonSettings) if field.name == "database_pool"}
    (stated,) = re.findall(r"max_connections=(\d+)", " ".join(CONTAINERS["postgresql"]["command"]))
    assert int(stated) >= 4 * len(RUNNING) * pool + 10


def test_one_variable_moves_a_port_and_its_address() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert text.count("http://127.0.0.1:${IMPEX_PORT:-8080}\n") == 1
    ports = CONTAINERS["proxy"]["ports"]
    assert ports == [
        "127.0.0.1:${IMPEX_PORT:-8080}:8080",
        "127.0.0.1:${IMPEX_DESK_PORT:-8090}:8090",
    ]


def test_an_installation_in_containers_reaches_its_servers_by_tls(tmp_path: Path) -> None:
    """Its command for secrets and the example of settings make every service's settings valid."""
    words = [str(word) for word in INSTALLED["secrets"]["entrypoint"]]
    assert words[:3] == ["python3", "-m", "operations"]
    words = [word for word in words[3:] if os.getuid() == 0 or not word.startswith("--owner")]
    words[1] = str(tmp_path)
    elsewhere = [
        "--database=db.agency.example:5432/impex",
        "--broker=mq.agency.example:5671/impex",
        "--management=mq.agency.example:15671",
        "--smtp=smtps://u:p@mail.example",
    ]
    done = fork_server.run([*words, *elsewhere], {"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    url = (tmp_path / "mfa" / "IMPEX_MFA_AMQP_URL").read_text().strip()
    assert validate_amqp_url(url) is None
    assert url.endswith("?cafile=/etc/impex/ca.pem")
    for name in RUNNING:
        mounted = [volume.split(":")[-2] for volume in INSTALLED[name]["volumes"]]
        assert mounted[:2] == ["/run/impex", "/etc/impex/ca.pem"]
        assert not INSTALLED[name]["environment"].keys() & {"IMPEX_BASE_URL"}


def test_ports_are_published_on_the_loopback_address_only() -> None:
    ports = [port for one in CONTAINERS.values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_everything_waits_for_what_it_needs() -> None:
    for name, one in CONTAINERS.items():
        for needed, condition in one.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                watched = "healthcheck" in CONTAINERS[needed] or needed in RUNNING
                assert watched, (name, needed)
    assert {"postgresql", "rabbitmq"} == set(CONTAINERS["provision"]["depends_on"])
    for containers in (CONTAINERS, INSTALLED):
        assert containers["provision"]["command"][:2] == ["provision", "--migrate"]
        for name in RUNNING:
            assert containers[name]["depends_on"] == {
                "provision": {"condition": "service_completed_successfully"}
            }


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_the_image_runs_unprivileged_with_hashed_runtime_packages_only() -> None:
    text = dockerfile()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001$", last, re.MULTILINE), "by number: no other image has our name"
    assert re.search(r'^HEALTHCHECK (.|\n)*"healthy"\]$', last, re.MULTILINE)
    assert "pip" not in last
    assert "--require-hashes -r requirements.lock" in text
    assert "npm ci --ignore-scripts" in text
    assert 'ENTRYPOINT ["python", "-m", "operations"]' in last
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {
        "node:20-bookworm-slim",
        "debian:bookworm-slim",
    }


def test_the_image_has_the_part_of_the_design_system_that_pages_use(tmp_path: Path) -> None:
    whole = find_dsfr(None)
    copy_used(whole, tmp_path)
    assert Assets((), tmp_path).version == Assets((), whole).version
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.*")) < 3_000_000


def test_the_image_leaves_out_only_data_that_no_service_reads() -> None:
    """Of the packages: places of telephone numbers, and words of languages that no page is in."""
    (line,) = re.findall(r"rm -r ((?:phonenumbers/\w+ ?)+)", dockerfile())
    left_out = {path.replace("/", ".") for path in line.split()}
    program = (
        "import sys; from operations import service_registry as r; r.services();"
        "import operations.provision.install_commands; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "phonenumbers" in loaded
    assert not [name for name in loaded if name.rsplit(".", 1)[0] in left_out or name in left_out]
    kept = re.findall(r"! -name '(\w+)\*?\.dat'", dockerfile())
    assert kept == ["root", *sorted(LANGUAGES)]


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
    for name in (
        "Dockerfile",
        "compose.yaml",
        "compose.production.yaml",
        "deploy/definitions.json",
        "deploy/roles.sql",
    ):
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


def test_generated_files_are_up_to_date() -> None:
    stale = [name for name, text in documents().items() if (ROOT / name).read_text() != text]
    assert not stale, "`make docs` writes them again"


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
    "name",
    [
        "requirements.lock",
        "requirements-dev.lock",
        "package-lock.json",
        "package.json",
        "examples/node/package-lock.json",
        "examples/node/package.json",
    ],
)
def test_locks_hold_hashes_and_no_registry_address(name: str) -> None:
    text = (ROOT / name).read_text()
    if not name.endswith("package-lock.json"):
        assert "://" not in text
    if name.startswith("requirements"):
        entries = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)
        assert len(entries) <= text.count("--hash=sha256:")
    if name.endswith("package-lock.json"):
        packages = json.loads(text)["packages"]
        assert not [path for path, one in packages.items() if "resolved" in one]
        assert not [path for path, one in packages.items() if path and "integrity" not in one]
