"""Texts of the operator as HTML: headings, lists, emphasis and paragraphs of Markdown.

Anything else, HTML and links included, is shown as it is written (IN-03).
"""

from collections.abc import Mapping
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from shared.i18n.catalogue import fill, no_break

MARKDOWN = MarkdownIt("zero").enable(["heading", "list", "emphasis"])


def as_html(text: str, names: Mapping[str, str]) -> Markup:
    """The text as HTML; `names` fill in placeholders such as `{service}`.

    Headings start at the second level, since the page has its own first.
    """
    return _parsed(fill(text, names))


@lru_cache(maxsize=32)  # each text of the operator's in each language
def _parsed(text: str) -> Markup:
    tokens = MARKDOWN.parse(no_break(text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
    return Markup(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S704
