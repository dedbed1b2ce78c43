"""One page in one tab: the automatic rules at two widths and in two themes."""

from dataclasses import dataclass, field

from playwright.async_api import Page as Tab

from tests.support.pages.axe_rules import (
    CONTRAST,
    KNOWN_PARTS,
    LEVELS,
    LOAD_AXE,
    LOOKS,
    MISPLACED_HINTS,
    SMALL_TARGETS,
    SPILL,
    PageChecker,
    violations,
)
from tests.support.pages.page_site import Site

#: Once its scripts have run in this theme. A locator would bring a script of its own to each page.
READY = """async (theme) => {
  const end = performance.now() + 60_000;
  while (!document.documentElement.matches(`[data-fr-theme=${theme}][data-fr-js]`)) {
    if (performance.now() > end) throw new Error(`the page's scripts have not set ${theme}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}"""
#: What is asked of a page at 320 px, and at 1280 px, in one call each.
NARROW = f"""async () => {{
  await ({READY})("light");
  return [({LOOKS})([]), {SPILL}, ({SMALL_TARGETS})(), ({MISPLACED_HINTS})()];
}}"""
WIDE = f"() => [{SPILL}, ({SMALL_TARGETS})(), ({MISPLACED_HINTS})()]"
#: Another width or theme would lay out once more the page that the last test has left.
REMOVE_PAGE = "document.documentElement.replaceChildren()"


@dataclass
class CheckedTab:
    """One tab for all pages; each page replaces the previous one."""

    tab: Tab
    checker: PageChecker = field(default_factory=PageChecker)
    #: Whether the tab still has the width and the theme that every page is opened in.
    ready: bool = False

    async def prepare(self) -> None:
        """320 px, light, nothing moves."""
        if not self.ready:
            await self.tab.evaluate(REMOVE_PAGE)
            await self.tab.set_viewport_size({"width": 320, "height": 640})
            await self.tab.emulate_media(color_scheme="light", reduced_motion="reduce")
            self.ready = True


async def check_page(checked: CheckedTab, site: Site, name: str) -> None:
    """No violation, light and dark; nothing spills at 320 px."""
    tab = checked.tab
    await checked.prepare()
    site.clear()
    await tab.goto(f"{site.url}/{name}")
    looks, *found = await tab.evaluate(NARROW)
    assert found == [0, [], []]
    if fresh := checked.checker.new(looks):
        checked.ready = False
        await tab.set_viewport_size({"width": 1280, "height": 900})
        assert await tab.evaluate(WIDE) == [0, [], []]
        # From the site the browser compiles it once, by the debugger's protocol for each page.
        await tab.evaluate(LOAD_AXE)
        known = await tab.evaluate_handle(KNOWN_PARTS, fresh)
        assert await violations(tab, {"runOnly": LEVELS}, known) == []
        # The other theme changes colours and nothing else.
        await tab.emulate_media(color_scheme="dark")
        await tab.evaluate(READY, "dark")
        assert await violations(tab, {"runOnly": CONTRAST}, known) == []
        checked.checker.passed(fresh)
