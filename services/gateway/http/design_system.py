"""Which files of the State's design system the pages use, and how they become two bundles.

The design system is installed from npm and never committed. A page asks for one style sheet and
one script instead of thirty, without the faces and weights that nothing uses; every other file
that may be served is found by what the bundle names. This module reads files; it serves nothing.
"""

import posixpath
import re
import sys
from collections.abc import Callable
from pathlib import Path

_COMPONENTS = (
    "link",
    "accordion",
    "breadcrumb",
    "button",
    "logo",
    "skiplink",
    "form",
    "radio",
    "input",
    "select",
    "password",
    "checkbox",
    "callout",
    "highlight",
    "stepper",
    "alert",
    "notice",
    "modal",
    "header",
    "footer",
    "table",
    "badge",
    "pagination",
)

#: Style sheets of the bundle, in order, below `dist/`. `main` leaves out Internet Explorer's.
DSFR_CSS: tuple[str, ...] = (
    "core/core.main.min.css",
    *(f"component/{name}/{name}.main.min.css" for name in _COMPONENTS),
    "component/display/display.min.css",
    "scheme/scheme.min.css",
)

#: Scripts of the bundle, in order: each finds the former ones on `window.dsfr`.
DSFR_JS: tuple[str, ...] = (
    "core/core.module.min.js",
    "scheme/scheme.module.min.js",
    "component/accordion/accordion.module.min.js",
    "component/breadcrumb/breadcrumb.module.min.js",
    "component/button/button.module.min.js",
    "component/checkbox/checkbox.module.min.js",
    "component/display/display.module.min.js",
    "component/modal/modal.module.min.js",
    "component/password/password.module.min.js",
)

#: The only font faces that are served: each one costs some 58 kB.
FONT_FACES = ("Marianne-Regular", "Marianne-Bold")

_FACE = re.compile(r"@font-face\{[^}]*\}")
_WOFF = re.compile(r",?url\([^)]*\.woff\) format\(['\"]?woff['\"]?\)")
_URL = re.compile(r"url\((['\"]?)(?!data:|#)([^)'\"]+)\1\)")
_DARK = "[data-fr-theme=dark]"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
#: In order: an at-rule that opens a group, one rule, the end of a group.
_PIECE = re.compile(r"(@[^{}]*)\{(?=[^{}]*\{)|([^{}]*)\{([^{}]*)\}|\}")
_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=\S*")


def bundle_css(dist: Path, address: Callable[[str], str]) -> str:
    """The style sheet of every page; `address` turns a file's path below `dist` into its URL."""
    sheet = "\n".join(_style_sheet(dist, name, address) for name in DSFR_CSS)
    return sheet + _dark_without_scripts(sheet)


def bundle_js(dist: Path) -> str:
    """The script of every page, a module; each file keeps its own names in a block."""
    parts = (_SOURCE_MAP.sub("", (dist / name).read_text("utf-8")) for name in DSFR_JS)
    return "\n".join(f"{{{part}\n}}" for part in parts)


def dsfr_files(dist: Path) -> tuple[str, ...]:
    """Every file below `dist` that a browser may ask for beside the two bundles."""
    named: set[str] = set()

    def note(name: str) -> str:
        named.add(name)
        return name

    bundle_css(dist, note)
    return tuple(sorted(named))


def copy_used(dist: Path, target: Path) -> None:
    """Copy what the bundles and browsers read of `dist`, for an image."""
    for name in (*DSFR_CSS, *DSFR_JS, *dsfr_files(dist)):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((dist / name).read_bytes())


def _style_sheet(dist: Path, name: str, address: Callable[[str], str]) -> str:
    text = _SOURCE_MAP.sub("", (dist / name).read_text("utf-8"))
    text = _FACE.sub(lambda face: _face(face[0]), text)
    folder = posixpath.dirname(name)

    def rewritten(match: re.Match[str]) -> str:
        return f"url({address(posixpath.normpath(posixpath.join(folder, match[2])))})"

    return _URL.sub(rewritten, text)


def _dark_without_scripts(sheet: str) -> str:
    """The dark theme once more, for a device that asks for it where no script names a theme.

    The design system leaves the choice to its script; without one a dark device would be dazzled.
    """
    copies, group = [], ""
    for piece in _PIECE.finditer(_COMMENT.sub("", sheet)):
        opening, selectors, declarations = piece.groups()
        if selectors is None:
            group = opening or ""
        elif _DARK in selectors and "prefers-color-scheme" not in group:
            own = ",".join(
                one.strip().removeprefix(":root").replace(_DARK, ":root:not([data-fr-theme])")
                for one in selectors.split(",")
                if _DARK in one
            )
            rule = f"{own}{{{declarations}}}"
            copies.append(f"{group}{{{rule}}}" if group else rule)
    return f"\n@media screen and (prefers-color-scheme:dark){{{''.join(copies)}}}\n"


def _face(rule: str) -> str:
    if not any(f"/{face}.woff2" in rule for face in FONT_FACES):
        return ""
    return _WOFF.sub("", rule)


if __name__ == "__main__":
    copy_used(Path(sys.argv[1]), Path(sys.argv[2]))
