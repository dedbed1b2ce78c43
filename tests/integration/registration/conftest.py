"""A registration per test, on tables that are emptied before each."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio

from services.registration import data_files, service
from services.registration.passwords import PasswordRules
from services.registration.service import SERVICE
from shared.database import Pool
from tests.support.harness.registration import OpenHarness, RegistrationHarness, open_harness
from tests.support.harness.service_harness import service_pool, service_tables
from tests.support.servers.shared_servers import Database, TestServers


@pytest.fixture(scope="session")
def tables(test_servers: TestServers) -> Iterator[Database]:
    """A database with registration's tables, one for all these tests."""
    with service_tables(test_servers, SERVICE) as database:
        yield database


@pytest.fixture(autouse=True)
def _lists_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules and word lists are the same for every test here."""
    monkeypatch.setattr(service, "load_rules", rules)
    monkeypatch.setattr(service, "load_common_words", lambda rules, _folder: common_words())


@cache
def rules() -> PasswordRules:
    return data_files.load_rules()


@cache
def common_words() -> data_files.WordList:
    return data_files.load_common_words(rules())


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def pool(tables: Database) -> AsyncIterator[Pool]:
    """Sessions for all these tests."""
    async with service_pool(tables, SERVICE) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package")
async def harness(tables: Database, pool: Pool) -> AsyncIterator[RegistrationHarness]:
    """Registration with the guide's settings."""
    async with open_harness(tables, pool) as made:
        yield made


@pytest.fixture
def harness_with(tables: Database, pool: Pool) -> OpenHarness:
    """Call it with settings for a registration that has them."""

    def make(**more: str) -> AbstractAsyncContextManager[RegistrationHarness]:
        return open_harness(tables, pool, **more)

    return make


@pytest.fixture
def public(tmp_path: Path) -> dict[str, str]:
    """Settings of a portal that is not a try-out."""
    for language in ("fr", "en"):
        terms = "version: 3\ndate: 2026-01-10\n\n# Conditions\n\nTexte de l'opérateur.\n"
        (tmp_path / f"{language}.md").write_text(terms, "utf-8")
    return {"IMPEX_BASE_URL": "https://portail.exemple.fr", "IMPEX_TERMS_DIR": str(tmp_path)}
