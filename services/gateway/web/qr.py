"""The QR code of an authenticator's key, drawn into the page itself (OT-17, OT-18).

No address ever holds the key, and no service elsewhere draws it. The mask is fixed, because trying
all eight takes most of the time and any of them reads as well.
"""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

MASK = 4
#: White around the code, in modules: the standard asks for four.
BORDER = 4


def svg(uri: str, title: str) -> Markup:
    """An SVG element with a white ground in every theme; its size is the style sheet's."""
    code = segno.make(uri, micro=False, error="m", boost_error=False, mask=MASK)
    drawn = io.BytesIO()
    code.save(
        drawn,
        kind="svg",
        border=BORDER,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        nl=False,
        svgclass="impex-qr",
        lineclass=None,
        title=title,
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by the library, title escaped
