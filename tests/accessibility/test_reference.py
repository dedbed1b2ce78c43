"""The pages of the reference of messages, read from the disk: WCAG 2.2 in both themes."""

import pytest
from playwright.async_api import Browser

from operations.install.paths import ROOT
from tests.support.pages.axe_rules import AXE_SOURCE, LEVELS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = ("index", "mailer", "structures")
#: One page of the template of owners is enough for the rules, and what is small is fast.
CHECKED = {"light": "mailer", "dark": "gateway"}
VIOLATIONS = """(levels) => axe.run(document, {runOnly: levels, resultTypes: ["violations"]})
  .then((found) => found.violations.map((one) => [one.id, one.nodes[0].html]))"""


async def test_b_10_the_reference_can_be_read_by_everybody(browser: Browser) -> None:
    """B-10, B-09: no violation, light on a phone and dark on a screen; nothing spills."""
    for scheme, width in (("light", 320), ("dark", 1280)):
        context = await browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 800},
        )
        tab = await context.new_page()
        for name in PAGES:
            await tab.goto((ROOT / f"docs/reference/{name}.html").as_uri())
            assert await tab.evaluate(SPILL) <= 0, name
        await tab.goto((ROOT / f"docs/reference/{CHECKED[scheme]}.html").as_uri())
        await tab.evaluate(AXE_SOURCE)
        assert await tab.evaluate(VIOLATIONS, LEVELS) == [], scheme
        await context.close()
