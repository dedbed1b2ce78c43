"""The table of typed text, read by the page's script in Chromium."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support.pages.page_site import NONCE, Site
from tests.support.typed_text_table import ACCEPTED, server_verdict, table

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: How the page's script reads each field: what it keeps, and its error or null.
FIELDS = """
  const line = (clean, most) => (value) => [clean(value, most).text, clean(value, most).error];
  const number = (clean) => (value) => [clean(value), null];
  const code = (read) => (value) => [read(value) ?? "", read(value) === null ? "format" : null];
  window.readers = {
    first_name: line(typed.cleanName, 100), last_name: line(typed.cleanName, 100),
    company_name: line(typed.cleanLine, 200), address: line(typed.cleanLine, 200),
    city: line(typed.cleanLine, 200), text: line(typed.cleanText, 1000),
    search: line(typed.cleanText, 400), email: line(typed.cleanEmail, 254),
    code: code(typed.readCode), recovery_code: code(typed.readRecoveryCode),
    siret: number((value) => typed.cleanNumber("siret", value)),
    vat: number((value) => typed.cleanNumber("vat", value)),
    lei: number((value) => typed.cleanNumber("lei", value)),
    eori: number((value) => typed.cleanNumber("eori", value)),
    phone_extension: number((value) => typed.cleanNumber("phone_extension", value)),
    phone: number(typed.cleanPhone), postal_code: number(typed.cleanPostalCode),
  };
  document.documentElement.dataset.readers = "true";
"""
#: Fields whose kept value is what the intake keeps; the rules of the others go on from there.
KEPT_BY_THE_INTAKE = (
    "first_name", "last_name", "company_name", "address", "city", "text", "code", "recovery_code",
    "siret", "lei", "eori", "phone_extension",
)  # fmt: skip
#: Fields that the server alone reads.
NOT_READ_BY_PAGES = ("number", "resumption_code")
#: What the page calls an error of length or of marks, and the codes of the server's rules.
INTAKE_ERRORS = {
    "too_long": ("too_long",),
    "too_many_marks": ("forbidden_characters", "characters", "format", ACCEPTED),
    "format": ("format",),
}


async def _read(site: Site, page: Page, rows: list[list[str]]) -> list[tuple[str, str | None]]:
    """(what the script keeps, its error) of each (field, value)."""
    await page.goto(f"{site.url}/sign_in.fr.html")
    script = f'import * as typed from "./static/js/typed-text.mjs";{FIELDS}'
    await page.evaluate(
        """([script, nonce]) => {
          const element = document.createElement("script");
          element.type = "module";
          element.nonce = nonce;
          element.textContent = script;
          document.head.append(element);
        }""",
        [script, NONCE],
    )
    await page.locator("html[data-readers]").wait_for(state="attached")
    read: Any = await page.evaluate(
        "(rows) => rows.map(([field, value]) => window.readers[field](value))", rows
    )
    return [(kept, error) for kept, error in read]


async def test_t_03_t_04_the_page_reads_every_row_as_the_server_does(
    site: Site, page: Page
) -> None:
    rows = [row for row in table() if row.field not in NOT_READ_BY_PAGES]
    read = await _read(site, page, [[row.field.split()[0], row.value] for row in rows])
    wrong = []
    for row, (kept, error) in zip(rows, read, strict=True):
        field = row.field.split()[0]
        if error is not None:
            agrees = row.verdict in INTAKE_ERRORS[error]
        elif field in ("code", "recovery_code"):
            agrees = (row.verdict, row.kept) == (ACCEPTED, kept)
        else:
            # What the script keeps is judged as what was typed.
            agrees = server_verdict(row.field, kept) == (row.verdict, row.kept)
            if row.verdict == ACCEPTED and field in KEPT_BY_THE_INTAKE:
                agrees = agrees and kept == row.kept
        if not agrees:
            wrong.append((row, kept, error))
    assert wrong == []
    assert site.complaints == []
