"""The programs of `examples/` against every service, with the commands of their pages."""

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from lxml.html import document_fromstring

from operations.install.paths import ROOT
from operations.local.processes import free_port
from operations.provision.partners import FOLDER
from shared.security.seal_keys import SealRing
from tests.support import eventually
from tests.support.actors.account_holder import PHARMACY
from tests.support.actors.http_browser import HttpBrowser
from tests.support.authenticator import Authenticator
from tests.support.node_examples import require_node_packages
from tests.support.readme_commands import block_with
from tests.support.servers import fork_server
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import SpawnedPortal
from tests.support.servers.system import keys

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="session")]
EXAMPLES = ROOT / "examples"
#: `python` is that of the tests, with the packages that the examples need.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


@asynccontextmanager
async def shell(folder: Path, commands: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Commands as typed in the folder of an example; what runs at the end is stopped."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f"set -e\n{commands}",
        cwd=folder, env={"PATH": PATH},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, 15)
        await process.wait()


async def printed(process: asyncio.subprocess.Process) -> str:
    """What the commands print until they end, all of them well."""
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


def add_partner(portal: SpawnedPortal, command: str, folder: Path) -> str:
    """The address that the operator's command prints."""
    folder.mkdir(exist_ok=True)
    variables = {
        "PATH": PATH,
        "IMPEX_HOME": str(folder / "home"),
        FOLDER: str(folder),
        "IMPEX_AMQP_URL": portal.system.broker.admin_url,
        "IMPEX_AMQP_MANAGEMENT_URL": portal.system.broker.management_url,
    }
    (line,) = command.splitlines()
    done = fork_server.run((*shlex.split(line)[1:], "--json"), variables)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["url"])


@dataclass
class SecondGateway:
    """A browser in front of the example's pages."""

    base: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> str:
        """A page."""
        async with self.session.get(f"{self.base}{path}") as answer:
            return await answer.text()

    async def post(self, page: str, path: str, **fields: str) -> str:
        """Send a form of `page`; the page that comes next."""
        forms = document_fromstring(page).xpath(f"//form[@action='{path}']")
        assert len(forms) == 1, page
        data = {**dict(forms[0].fields), **fields}
        origin = {"Origin": self.base}
        async with self.session.post(f"{self.base}{path}", data=data, headers=origin) as answer:
            return await answer.text()


@asynccontextmanager
async def second_gateway(portal: SpawnedPortal, folder: Path) -> AsyncIterator[SecondGateway]:
    """The example, started as its page says, from the files of an installation."""
    secrets_dir, port = folder / "secrets", free_port()
    secrets_dir.mkdir()
    given = portal.system.environment("gateway")
    for name in ("IMPEX_GATEWAY_AMQP_URL", "IMPEX_SEAL_KEYS_GATEWAY"):
        (secrets_dir / name).write_text(given[name] + "\n")
    for name in ("IMPEX_SEAL_KEYS_REGISTRATION", "IMPEX_SEAL_KEYS_MFA"):
        public = SealRing.parse(keys()[name]).for_senders()
        (secrets_dir / f"{name}.public").write_text(public + "\n")
    example = EXAMPLES / "gateway"
    replaced = {"../../.impex/secrets": str(secrets_dir), "8070": str(port)}
    commands = block_with(example / "README.md", "gateway.py", **replaced)
    jar = aiohttp.CookieJar(unsafe=True)  # Also of an address without a name.
    async with (
        shell(example, commands) as process,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        one = SecondGateway(f"http://127.0.0.1:{port}", session)

        async def answers() -> bool:
            assert process.returncode is None, await printed(process)
            try:
                return "Second gateway" in await one.get("/")
            except aiohttp.ClientConnectionError:
                return False

        await eventually(answers, 60, every=0.1, why="the second gateway answers")
        yield one


async def join(portal: SpawnedPortal, gateway: SecondGateway, address: str) -> Authenticator:
    """From the sign-up to the session, at the second gateway; the phone."""
    person = {"first_name": "Zoé", "last_name": "Durand", "address": address}
    start = await gateway.get("/")
    refused = await gateway.post(start, "/sign-up", **person, password="short")
    assert "invalid_fields" in refused
    assert "password: too_short" in refused
    page = await gateway.post(await gateway.get("/"), "/sign-up", **person, password=PASSWORD)
    mail = await portal.mail.message(address)
    found = re.search(r": (\d{6})\s*$", mail.text(), re.MULTILINE)
    assert found
    assert "wrong_code" in await gateway.post(page, "/code", code="000000")
    page = await gateway.post(await gateway.get("/code"), "/code", code=found[1])
    assert "Your account exists" in await gateway.post(page, "/terms")
    login = {"address": address, "password": PASSWORD}
    assert "wrong_credentials" in await gateway.post(
        await gateway.get("/"), "/sign-in", **login | {"password": "Wrong-9-Wrong"}
    )
    page = await gateway.post(await gateway.get("/"), "/sign-in", **login)
    key = re.search(r"<code>(\w+)</code>", page)
    assert key, page
    phone = Authenticator(key[1])
    page = await gateway.post(page, "/phone", code=phone.code())
    assert "Signed in" in page
    assert address in page
    return phone


async def validate(portal: SpawnedPortal, address: str, phone: Authenticator) -> None:
    """The complementary information, at our own gateway, with the same password and phone."""
    browser = HttpBrowser(portal.base)
    login = {"address": address, "password": PASSWORD}
    page = await browser.post(await browser.get("/connexion"), "/connexion", login)
    page = await browser.post(page, "/connexion/code", {"code": phone.code(1)})
    page = await browser.get("/informations")
    fields = {**page.form("/informations"), **PHARMACY, "action": "validate"}
    saved = await browser.send_form("/informations", fields)
    assert saved.location == "/informations/validation", saved.text
    confirmed = {"csrf": fields["csrf"], "key": fields["key"], "version": "1"}
    done = await browser.send_form("/informations/validation", confirmed)
    assert done.location == "/informations", done.text
    await browser.close()


async def test_b_10_programs_that_know_the_documents_only(
    portal: SpawnedPortal, address: str, tmp_path: Path
) -> None:
    """B-10: a second gateway, and partners in two languages, from the commands of their pages."""
    require_node_packages()
    urls = {}
    for language in ("python", "node"):
        name = f"labo-{language}-{free_port()}"
        command = block_with(EXAMPLES / language / "README.md", "impex partner add", labo=name)
        urls[language] = add_partner(portal, command, tmp_path / "partners")

    def typed(language: str, account: str = "ACCOUNT") -> list[str]:
        page = EXAMPLES / language / "README.md"
        shown = "amqp://labo:PASSWORD@127.0.0.1:PORT/impex"
        block = block_with(page, "hear 1", **{shown: urls[language], "ACCOUNT": account})
        export, hear, publish = block.splitlines()
        return [f"{export}\n{hear}", f"{export}\n{publish}"]

    async with second_gateway(portal, tmp_path) as gateway:
        phone = await join(portal, gateway, address)
    await validate(portal, address, phone)
    query = "select id::text from registration.accounts where address = $1"
    (row,) = await portal.rows(query, address)
    for language in urls:
        hear, publish = typed(language, row["id"])
        async with shell(EXAMPLES / language, hear) as process:
            heard = await printed(process)
        assert f"account {row['id']} is validated: {PHARMACY['company_name']}" in heard
        async with shell(EXAMPLES / language, publish) as process:
            assert "published backoffice.DossierFiled.v1" in await printed(process)

    async def filed() -> bool:
        query = "select count(*) as n from dossiers.dossiers where account_id = $1::uuid"
        return bool((await portal.rows(query, row["id"]))[0]["n"] == len(urls))

    await eventually(filed, 60, why="the dossiers of both partners are listed")
    page = EXAMPLES / "node" / "README.md"
    async with shell(page.parent, block_with(page, "check-sealing.mjs")) as process:
        assert "sealed and opened alike" in await printed(process)


@pytest.mark.parametrize("words", ["", "publish", "hear two", "sing"])
async def test_b_10_a_partner_that_is_called_wrongly_prints_how_it_is_called(words: str) -> None:
    require_node_packages()
    url = "IMPEX_PARTNER_AMQP_URL=amqp://labo:x@127.0.0.1:1/impex"
    for folder, program in (("python", "python partner.py"), ("node", "node partner.mjs")):
        called = f"{program} {words}"
        for command in (called, f"IMPEX_PARTNER_AMQP_URL= {called}", f"{url} {called}"):
            async with shell(EXAMPLES / folder, command) as process:
                output, _ = await process.communicate()
            assert process.returncode == 1, command
            assert f"{program} hear [COUNT]" in output.decode(), command
            assert "Traceback" not in output.decode(), command
            assert " at " not in output.decode(), command
