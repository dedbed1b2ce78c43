"""The drawing of a QR code: every dark module, a white background with its border, and nothing
else.
"""

import re

import segno

from services.gateway.portal import qr

URI = "otpauth://totp/IMPEX:p%40example.fr?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=IMPEX"


def _drawn(svg: str) -> set[tuple[int, int]]:
    """The modules that the pen passes."""
    found = re.search(r'stroke="#000" d="([^"]+)"', svg)
    assert found
    dark, x, y = set(), 0, 0
    for order, given in re.findall(r"([Mmh])([^Mmh]+)", found[1]):
        numbers = given.split()
        if order == "M":
            x, y = int(numbers[0]), int(float(numbers[1]))
        elif order == "m":
            x += int(numbers[0])
        else:
            dark |= {(x + step, y) for step in range(int(numbers[0]))}
            x += int(numbers[0])
    return dark


def test_ot_17_every_module_is_drawn_on_a_white_ground_with_a_border_of_four() -> None:
    svg = str(qr.svg(URI, "IMPEX"))
    code = segno.make(URI, micro=False, error=qr.CORRECTION, boost_error=False, mask=qr.MASK)
    expected = {
        (x, y)
        for y, row in enumerate(code.matrix, qr.BORDER)
        for x, module in enumerate(row, qr.BORDER)
        if module
    }
    size = len(code.matrix) + 8
    assert _drawn(svg) == expected
    assert f'viewBox="0 0 {size} {size}"' in svg
    assert f'fill="#fff" d="M0 0h{size}v{size}h-{size}z"' in svg


def test_ot_18_the_key_is_in_no_text_of_it_and_the_title_is_escaped() -> None:
    svg = str(qr.svg(URI, 'A<b> & "c"'))
    assert "JBSWY3DP" not in svg
    assert "<title>A&lt;b&gt; &amp; &#34;c&#34;</title>" in svg
