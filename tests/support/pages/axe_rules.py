"""The automatic accessibility rules, for rendered states and for a running portal."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement, document_fromstring
from playwright.async_api import JSHandle
from playwright.async_api import Page as Tab

from tests.support.pages.render_pages import PROJECT

AXE = PROJECT / "node_modules/axe-core/axe.min.js"
AXE_SOURCE = AXE.read_text("utf-8") if AXE.exists() else ""
#: Where a site of rendered pages serves it.
AXE_URL = "/static/axe.min.js"
#: Gives it to a page of such a site, whose content policy stays in force: scripts, and so the
#: debugger's, may load others.
LOAD_AXE = f"""() => new Promise((resolve, reject) => {{
  const script = Object.assign(document.createElement("script"), {{src: "{AXE_URL}"}});
  script.onload = () => resolve();
  script.onerror = () => reject(new Error("axe was not loaded"));
  document.head.append(script);
}})"""
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
#: Targets smaller than 24 px that are neither in a sentence nor hidden (AX-10).
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden])")]
  .filter((element) => element.checkVisibility({visibilityProperty: true, opacityProperty: true}))
  .filter((element) => getComputedStyle(element).display !== "inline")
  .filter((element) => !element.matches(".fr-sr-only, .fr-skiplinks *"))
  .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.width < 23.5 || box.height < 23.5))
  .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
#: A dialog that still appears has other colours. The end of one transition starts those of the
#: elements within, which inherit its colour.
AXE_WHEN_STILL = """async ([options, exclude]) => {
  const moving = () => document.getAnimations().filter((one) => one.playState !== "finished")
    .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
  for (let rest = moving(); rest.length; rest = moving()) rest.forEach((one) => one.finish());
  const context = exclude.length ? {include: [document], exclude} : document;
  return axe.run(context, {...options, resultTypes: ["violations"]});
}"""
#: Attributes whose value, not only their presence, changes the look of an element.
STATES = ("aria-current", "aria-invalid", "aria-sort", "disabled", "open", "role", "type")
#: Attributes for keyboards and forms, which no style sheet and no rule reads.
UNSEEN = ("autocapitalize", "inputmode", "maxlength", "name", "spellcheck")
#: Every element as style sheets and assistive technology see it: its name, classes, states and
#: which attributes it has, whether it holds text or has a label, and the same of its ancestors.
LOOK_OF_EACH = f"""(more = []) => {{
  const states = [...{json.dumps(STATES)}, ...more];
  const others = [...states, "class", ...{json.dumps(UNSEEN)}];
  const looks = new Map([[document.documentElement, ""]]);
  const filled = (element) => [...element.attributes]
    .filter(({{name}}) => !others.includes(name))
    .map(({{name, value}}) => (value.trim() ? name : `${{name}} empty`)).sort();
  for (const element of document.body.querySelectorAll("*:not(script)")) {{
    const values = states.map((name) => `${{name}}=${{element.getAttribute(name) ?? ""}}`);
    const name = `${{element.localName}}.${{[...element.classList].sort()}}`;
    const holdsText = element.textContent.trim() !== "";
    const own = [values, filled(element), holdsText, element.labels?.length];
    looks.set(element, `${{looks.get(element.parentElement) ?? ""}} ${{name}}[${{own}}]`);
  }}
  return looks;
}}"""
#: The looks on a page. Attributes that are given are states too.
LOOKS = f"(more) => [...new Set(({LOOK_OF_EACH})(more).values())]"
#: The largest parts of a page in which nothing has one of the `fresh` looks, nor a parent of what
#: has: a new element may change the style of those next to it.
KNOWN_PARTS = f"""(fresh) => {{
  const looks = ({LOOK_OF_EACH})(), isFresh = new Set(fresh);
  const checked = new Set(), above = new Set();
  for (const [element, look] of looks)
    if (isFresh.has(look) && !isFresh.has(looks.get(element.parentElement)))
      checked.add(element.parentElement);
  for (let element of checked)
    for (; element && !above.has(element); element = element.parentElement) above.add(element);
  const known = [], open = [document.body];
  while (open.length) {{
    const element = open.pop();
    if (!checked.has(element))
      for (const part of element.children) (above.has(part) ? open : known).push(part);
  }}
  return known;
}}"""
#: Checkboxes whose hint is next to the label instead of below it.
MISPLACED_HINTS = """() => [...document.querySelectorAll(".fr-checkbox-group .fr-hint-text")]
  .filter((hint) => hint.checkVisibility())
  .filter((hint) => {
    const [top, above] = [hint, hint.parentElement].map((one) => one.getBoundingClientRect().y);
    return top - above < 16;
  })
  .map((hint) => hint.parentElement.innerText)"""
SPILL = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def richest_first(shown: Mapping[str, str]) -> list[str]:
    """The names of pages, given with their HTML: those first that together have every element in
    every context, so that the rules, which skip a page without a new look, run on few of them.

    Looks are those of `LOOKS`, of the pages as the server sends them.
    """
    looks = {name: _looks(html) for name, html in shown.items()}
    missing: set[str] = set().union(*looks.values())
    chosen = []
    while missing:
        chosen.append(max(looks, key=lambda name: len(looks[name] & missing)))
        missing -= looks.pop(chosen[-1])
    return [*chosen, *looks]


def _looks(html: str) -> set[str]:
    found = set()

    def read(parent: HtmlElement, above: str) -> None:
        for element in parent.iterchildren("*"):
            if element.tag != "script":
                values = {name: element.get(name, "") for name in STATES}
                others = sorted(
                    name if value.strip() else f"{name} empty"
                    for name, value in element.attrib.items()
                    if name not in (*STATES, "class", *UNSEEN)
                )
                classes = sorted(element.get("class", "").split())
                text = bool(element.text_content().strip())
                look = f"{above} {element.tag}.{classes}{values}{others}{text}"
                found.add(look)
                read(element, look)

    read(document_fromstring(html).body, "")
    return found


async def violations(tab: Tab, options: dict[str, Any], known: JSHandle | None = None) -> list[str]:
    """What axe finds on the page in `tab`, which has been given axe; `options` are axe's. `known`
    are parts that it leaves out.
    """
    found: dict[str, Any] = await tab.evaluate(AXE_WHEN_STILL, [options, known or []])
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@dataclass
class PageChecker:
    """Checks one page after the other.

    The rules look at elements in their context: what occurred before in the same context has no new
    violations. What depends on a page as a whole (unique ids, references, headings, landmarks,
    title and language) is a unit test of every state.
    """

    looks: set[str] = field(default_factory=set)

    def new(self, looks: Iterable[str]) -> list[str]:
        """Those of a page's `looks` that have not passed yet."""
        return [look for look in looks if look not in self.looks]

    def passed(self, looks: Iterable[str]) -> None:
        """The rules found nothing on a page with these `looks`."""
        self.looks.update(looks)

    async def look(self, tab: Tab) -> list[str]:
        """The violations on the page; axe is given to it where something on it looks new."""
        fresh = self.new(await tab.evaluate(LOOKS, []))
        if not fresh:
            return []
        known = await tab.evaluate_handle(KNOWN_PARTS, fresh)
        await tab.evaluate(AXE_SOURCE)
        found = await violations(tab, {"runOnly": LEVELS}, known)
        if not found:
            self.passed(fresh)
        return found
