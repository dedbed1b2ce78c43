"""The QR code of an authenticator's key, drawn into the page itself (OT-17, OT-18).

No address ever holds the key, and no service elsewhere draws it. The mask is fixed, because trying
all eight takes most of the time and any of them reads as well; the drawing is ours, because the
library's writer takes nearly as long as the code itself. Correction is the least: on a screen
nothing hides a part of the code, whose modules are larger then and read from farther away.
"""

import re
from collections.abc import Iterable, Iterator

import segno
from markupsafe import Markup

MASK = 4
CORRECTION = "l"
#: White around the code, in modules: the standard asks for four.
BORDER = 4
DARK = re.compile(b"\x01+")
SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" class="impex-qr">'
    '<title>{title}</title><path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
    '<path stroke="#000" d="{dark}"/></svg>'
)


def svg(uri: str, title: str) -> Markup:
    """An SVG element, on white in every theme; the style sheet sets its size."""
    code = segno.make(uri, micro=False, error=CORRECTION, boost_error=False, mask=MASK)
    size = len(code.matrix) + 2 * BORDER
    return SVG.format(size=size, title=title, dark="".join(_strokes(code.matrix)))


def _strokes(matrix: Iterable[bytes | bytearray]) -> Iterator[str]:
    """The dark modules, run by run: a pen one module wide moves along the middle of each row."""
    for y, row in enumerate(matrix, BORDER):
        pen = None
        for run in DARK.finditer(row):
            begin, end = run.span()
            yield f"M{begin + BORDER} {y}.5" if pen is None else f"m{begin - pen} 0"
            yield f"h{end - begin}"
            pen = end
