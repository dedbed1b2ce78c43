"""The drawing of a QR code: every dark module, a white background with its border, and nothing
else.
"""

import re
from datetime import UTC, datetime, timedelta

import segno
from markupsafe import Markup

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


NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
OTHER_URI = URI.replace("JBSW", "GEZD")


class TestEnrolmentCodes:
    """Drawings are identified by being the same object."""

    def setup_method(self) -> None:
        self.codes = qr.EnrolmentCodes()

    def svg(self, enrolment_id: str, uri: str = URI, *, now: datetime = NOW) -> Markup:
        until = now + timedelta(minutes=30)
        return self.codes.svg(enrolment_id, uri, "IMPEX", expires_at=until, now=now)

    def test_ot_17_a_code_that_is_shown_again_is_not_drawn_again(self) -> None:
        first = self.svg("one")
        assert first == qr.svg(URI, "IMPEX")
        assert self.svg("two") is not first
        assert self.svg("one") is first

    def test_ot_17_another_key_of_the_same_enrolment_is_drawn(self) -> None:
        self.svg("one")
        assert self.svg("one", OTHER_URI) == qr.svg(OTHER_URI, "IMPEX")

    def test_ot_18_nothing_stays_of_an_enrolment_that_is_over(self) -> None:
        first = self.svg("one")
        self.codes.delete("one")
        self.codes.delete("never shown")
        assert self.svg("one") is not first

    def test_ot_18_nothing_stays_of_an_expired_enrolment_once_another_is_shown(self) -> None:
        first = self.svg("one")
        self.svg("two", now=NOW + timedelta(minutes=30))
        assert self.svg("one") is not first

    def test_only_the_latest_codes_are_remembered(self) -> None:
        drawn = [self.svg(f"{number}") for number in range(qr.MAX_DRAWINGS + 1)]
        assert self.svg(f"{qr.MAX_DRAWINGS}") is drawn[-1]
        assert self.svg("1") is drawn[1]
        assert self.svg("0") is not drawn[0]
