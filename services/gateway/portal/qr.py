"""The QR code of an authenticator's key, drawn into the page itself (OT-17, OT-18).

No address ever holds the key, and no service elsewhere draws it. The mask is fixed, because trying
all eight takes most of the time and any of them reads as well; the drawing is ours, because the
library's writer takes nearly as long as the code itself. Correction is the least: on a screen
nothing hides a part of the code, whose modules are larger then and read from farther away.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import segno
from aiohttp import web
from markupsafe import Markup

MASK = 4
CORRECTION = "l"
#: White around the code, in modules: the standard asks for four.
BORDER = 4
DARK = re.compile(b"\x01+")
#: Enrolments whose code one process remembers, a few kilobytes each.
MAX_DRAWINGS = 200
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


class EnrolmentCodes:
    """The codes of enrolments, each drawn once: a wrong code or a reload shows it again.

    A drawing holds the key. It goes by itself when its enrolment expires, and sooner where this
    process learns that the enrolment is over.
    """

    def __init__(self) -> None:
        self._drawings: OrderedDict[str, _Drawing] = OrderedDict()

    def svg(
        self, enrolment_id: str, uri: str, title: str, *, expires_at: datetime, now: datetime
    ) -> Markup:
        """The drawing of this URI. An enrolment keeps its key, but its account may get another
        address. Needs a running loop."""
        known = self._drawings.get(enrolment_id)
        if known is not None and known.uri == uri:
            return known.svg
        left = (expires_at - now).total_seconds()
        asyncio.get_running_loop().call_later(left, self.delete, enrolment_id)
        made = self._drawings[enrolment_id] = _Drawing(uri, svg(uri, title))
        if len(self._drawings) > MAX_DRAWINGS:
            self._drawings.popitem(last=False)
        return made.svg

    def delete(self, enrolment_id: str) -> None:
        """This enrolment is over."""
        self._drawings.pop(enrolment_id, None)


@dataclass(frozen=True, slots=True)
class _Drawing:
    uri: str = field(repr=False)
    svg: Markup = field(repr=False)


ENROLMENT_CODES = web.AppKey("enrolment_codes", EnrolmentCodes)
