"""Headers of messages that the library cannot read: they cost the message, not the connection.

The broker does not check that a publisher's names are UTF-8, its times dates and its tables of a
reasonable depth. The library's reader would end with the first such message, and with it the
connection: for every message that shares it, again after each connection, in the dead letters too.
"""

import struct
from typing import Final

from pamqp.commands import Basic
from pamqp.header import ContentHeader

#: Class, weight and size of the body come first, in fixed places.
FIXED: Final = struct.Struct(">HHQ")
_read = ContentHeader.unmarshal


def _read_or_leave_empty(header: ContentHeader, data: bytes) -> None:
    """Read a header; one that cannot be read has no properties, so that its message is refused."""
    try:
        _read(header, data)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, struct.error):
        header.class_id, header.weight, header.body_size = FIXED.unpack_from(data)
        header.properties = Basic.Properties()


def tolerate_unreadable_headers() -> None:
    """Have every connection of this process read headers so; a second call changes nothing."""
    setattr(ContentHeader, "unmarshal", _read_or_leave_empty)  # noqa: B010 - the type forbids
