"""The drawing of a QR code: every dark module, a white background with its border, and nothing
else.
"""

import re
import sys
from datetime import UTC, datetime, timedelta

import segno
from markupsafe import Markup

from services.gateway.portal import qr
from tests.support import eventually

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
OTHER_ADDRESS = URI.replace("p%40", "q%40")


class TestEnrolmentCodes:
    """Drawings are identified by being the same object."""

    def setup_method(self) -> None:
        self.codes = qr.EnrolmentCodes()

    def svg(self, enrolment_id: str, uri: str = URI, *, seconds: float = 1_800) -> Markup:
        until = NOW + timedelta(seconds=seconds)
        return self.codes.svg(enrolment_id, uri, "IMPEX", expires_at=until, now=NOW)

    async def test_ot_17_a_code_that_is_shown_again_is_not_drawn_again(self) -> None:
        first = self.svg("one")
        assert first == qr.svg(URI, "IMPEX")
        assert self.svg("two") is not first
        assert self.svg("one") is first

    async def test_ot_17_the_code_follows_the_address_of_its_account(self) -> None:
        self.svg("one")
        assert self.svg("one", OTHER_ADDRESS) == qr.svg(OTHER_ADDRESS, "IMPEX")

    async def test_ot_18_nothing_stays_of_an_enrolment_that_is_over(self) -> None:
        first = self.svg("one")
        self.codes.delete("one")
        self.codes.delete("never shown")
        assert self.svg("one") is not first

    async def test_ot_18_nothing_stays_of_an_enrolment_that_has_expired(self) -> None:
        """Though nobody asks for it, or for any other, again."""
        expiring, lasting = self.svg("one", seconds=0.01), self.svg("two")
        held = sys.getrefcount(expiring)
        await eventually(lambda: sys.getrefcount(expiring) < held)
        assert self.svg("two") is lasting

    async def test_ot_18_a_log_of_what_is_remembered_would_not_show_the_key(self) -> None:
        self.svg("one")
        logged = repr(vars(self.codes))
        assert "one" in logged
        assert "otpauth" not in logged
        assert "<svg" not in logged

    async def test_only_the_latest_codes_are_remembered(self) -> None:
        drawn = [self.svg(f"{number}") for number in range(qr.MAX_DRAWINGS + 1)]
        assert self.svg(f"{qr.MAX_DRAWINGS}") is drawn[-1]
        assert self.svg("1") is drawn[1]
        assert self.svg("0") is not drawn[0]
