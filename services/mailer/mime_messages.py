"""Writes the bytes of a message: headers, text and HTML, ready for DATA.

What all messages of a mailer share is written once. `email` folds and encodes headers as RFC 5322
and RFC 2047 ask; building each message with it takes most of the time of sending one.
"""

import binascii
import email.utils
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from uuid import UUID

#: Signs of a line, of headers and of quoted-printable (RFC 2045).
MAX_LINE = 76
_ASCII, _UTF8 = (policy.clone(max_line_length=MAX_LINE) for policy in (SMTP, SMTPUTF8))


class MimeWriter:
    """Writes messages from one sender. Raises ValueError for a header that would be two."""

    def __init__(self, sender: Address, reply_to: Address) -> None:
        self._domain = sender.domain
        self._common = b"".join(
            (
                _header("From", sender),
                _header("Reply-To", reply_to),
                b"Auto-Submitted: auto-generated\r\n",
                # Not "All", which also stops the bounces that we want.
                b"X-Auto-Response-Suppress: OOF, AutoReply, RN, NRN\r\n",
                b"MIME-Version: 1.0\r\n",
            )
        )

    def write(
        self,
        mail_id: UUID,
        recipient: Address,
        written_at: datetime,
        *,
        language: str,
        subject: str,
        text: str,
        html: str,
    ) -> bytes:
        """The message; the same whenever it is written."""
        # No quoted-printable has this: `=` is followed by two hexadecimal digits or a line's end.
        boundary = f"=_{mail_id}"
        ids = (
            f"Date: {email.utils.format_datetime(written_at)}\r\n"
            f"Message-ID: <{mail_id}@{self._domain}>\r\n"
            f"Content-Language: {language}\r\n"
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
        )
        return b"".join(
            (
                self._common,
                _recipient(recipient),
                _subject(subject),
                ids.encode(),
                _part(boundary, "plain", text),
                _part(boundary, "html", html),
                f"\r\n--{boundary}--\r\n".encode(),
            )
        )


def _header(name: str, value: str | Address, *, utf8: bool = False) -> bytes:
    """A header, folded and encoded."""
    policy = _UTF8 if utf8 else _ASCII
    _, parsed = policy.header_store_parse(name, value)
    return policy.fold_binary(name, parsed)


def _recipient(recipient: Address) -> bytes:
    header = f"To: {recipient.addr_spec}"
    if len(header) <= MAX_LINE and header.isascii():
        return f"{header}\r\n".encode()
    return _header("To", recipient, utf8=not header.isascii())


@lru_cache(maxsize=256)
def _subject(text: str) -> bytes:
    # The policy refuses what would be two headers; its own folding loses a blank where a line of
    # encoded words ends with it.
    _ASCII.header_store_parse("Subject", text)
    charset = "us-ascii" if text.isascii() else "utf-8"
    words = Header(text, charset, maxlinelen=MAX_LINE, header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {words}\r\n".encode()


def _part(boundary: str, subtype: str, content: str) -> bytes:
    # Quoted-printable keeps every line short and seven bits wide, whatever the relays offer.
    head = (
        f"\r\n--{boundary}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    lines = "\r\n".join([*content.splitlines(), ""])
    return head.encode() + binascii.b2a_qp(lines.encode())
