"""Forms as they are received and as they are shown again.

`read_fields` reads a body into a dictionary or refuses it: wrong type, too large, too slow, not
UTF-8, a repeated field, an unknown field. `Form` is what a template shows; passwords and codes are
never shown again.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from services.gateway.http.errors import HttpError
from shared.security.sealing import new_token

#: How long a body may take to arrive (WF-11).
BODY_SECONDS = 10
MAX_BODY_BYTES = 64 * 1024
MAX_FIELDS = 30
MAX_SECRET_BYTES = 1_024
#: Fields that are never shown again.
SECRET_FIELDS = frozenset(
    {"password", "current_password", "code", "recovery_code", "csrf", "key", "token"}
)

URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass
class Form:
    """One form on one page. `key` makes posting it twice one act; `status` is that of the page.

    `alert` is about all of it, or about the field `alert_field`, which then repeats it.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    key: str = field(default_factory=new_token)
    alert: str | None = None
    alert_field: str | None = None
    suggestion: str | None = None
    retry_after: int | None = None
    status: int = 200

    @classmethod
    def again(cls, fields: Mapping[str, str], *, same: bool = False) -> "Form":
        """The form with what was typed; `same` where posting it again means the same act."""
        shown = {name: value for name, value in fields.items() if name not in SECRET_FIELDS}
        return cls(values=shown, key=fields["key"] if same else new_token())


async def read_fields(request: web.Request, names: Sequence[str]) -> dict[str, str]:
    """The fields of a form; every one of `names` may be absent, none may be there twice.

    Raises HttpError: 413, 415, 408, or 400 for what no browser sends (AZ-03).
    """
    _require_type(request, URLENCODED)
    body = await _read(request)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except (UnicodeDecodeError, ValueError):
        raise HttpError(400, event="input_validation_fail", reason="not UTF-8") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name not in names or name in fields:
            reason = "repeated field" if name in fields else "unknown field"
            raise HttpError(400, event="input_validation_fail", reason=reason)
        # Browsers send line ends as CRLF whatever was typed; our fields are single lines, so a line
        # end is left in for the service to refuse.
        fields[name] = value.replace("\r\n", "\n")
    _check_secret_sizes(fields)
    return fields


async def read_json(request: web.Request, name: str) -> str:
    """The one field of a JSON request of our scripts."""
    _require_type(request, JSON)
    body = await _read(request)
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise HttpError(400, event="input_validation_fail", reason="not JSON") from None
    if not isinstance(document, dict) or set(document) != {name}:
        raise HttpError(400, event="input_validation_fail", reason="unknown field")
    value = document[name]
    if not isinstance(value, str) or not _encodable(value):
        raise HttpError(400, event="input_validation_fail", reason="not a text")
    _check_secret_sizes({name: value})
    return value


async def read_report(request: web.Request) -> Any:
    """A browser's report, or None where it is not JSON."""
    try:
        return json.loads(await _read(request))
    except (ValueError, RecursionError):
        return None


def _require_type(request: web.Request, wanted: str) -> None:
    charset = (request.charset or "utf-8").lower()
    if (
        request.content_type != wanted
        or charset not in ("utf-8", "utf8")
        or hdrs.CONTENT_ENCODING in request.headers
    ):
        raise HttpError(415)


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise HttpError(413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise HttpError(413) from None
    except TimeoutError:
        raise HttpError(408) from None
    except ConnectionError:
        raise HttpError(400) from None  # the browser has gone


def _check_secret_sizes(fields: Mapping[str, str]) -> None:
    for name in ("password", "current_password", "code", "recovery_code"):
        if len(fields.get(name, "").encode("utf-8", "surrogatepass")) > MAX_SECRET_BYTES:
            raise HttpError(400, event="input_validation_fail", reason=f"{name} too long")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is there twice")
    return document


def _encodable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
