"""Forms as they are received and as they are shown again.

`read_fields` reads a body into a dictionary or refuses it: wrong type, too large, too slow, not
UTF-8, a repeated field, an unknown field. Each field is cut to its length before it is decoded, and
what is oversized counts against a limit of the network. `Form` is what a template shows; passwords
and codes are neither shown again nor saved.
"""

import asyncio
import codecs
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs, web

from services.gateway.http.errors import HttpError
from services.gateway.http.sliding_window import count_oversized
from shared.domain.typed_text import DATA, clean_edges, has_long_run_of_marks, max_typed_length
from shared.i18n.catalogue import LANGUAGES
from shared.security.sealing import new_token

#: How long a body may take to arrive (WF-11).
BODY_SECONDS = 10
MAX_BODY_BYTES = 64 * 1024
#: A form that is too large comes back as it was typed up to this size, empty beyond.
MAX_READ_BYTES = 4 * MAX_BODY_BYTES
#: About twice those of the longest form, which the language switch sends with two of its own.
MAX_FIELDS = 60
PASSWORDS = frozenset({"password", "current_password"})
#: Fields that people type, passwords apart.
TYPED_FIELDS = DATA.limits.keys() - PASSWORDS
#: Fields that are never shown again.
SECRET_FIELDS = frozenset(
    {"password", "current_password", "code", "recovery_code", "csrf", "key", "token"}
)

#: Characters that a code point takes in a body at most: four octets, each as %XX.
ENCODED_SIZE = 12
#: A percent sign that no browser sends.
_BARE_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CUT_OCTET = re.compile(rb"%[0-9A-Fa-f]?\Z")

URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"


#: Statuses of forms that are not saved: the answer shows the form itself.
CARRIED = frozenset((408, 413, 429, 500, 503))


@dataclass
class FormTexts:
    """Why a form is shown again, in one language: by field, and about all of it."""

    errors: dict[str, list[str]] = field(default_factory=dict)
    alert: str | None = None


@dataclass
class Form:
    """One form on one page. `key` makes posting it twice one act.

    `alert` is about all of it, or about the field `alert_field`, which then repeats it; both alert
    and errors are in `texts` in every language. `status` is that of a page that answers the form
    directly: 422, or one of `CARRIED`. `typed`: somebody has filled it in. `result` is what the
    page shows after the form was accepted, in place of the form. `direct`: the answer is the page
    itself, as with a status of `CARRIED`, so that its status says what was refused.
    `request_fields` are all the fields of the present request; they are never saved.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    key: str = field(default_factory=new_token)
    alert: str | None = None
    alert_field: str | None = None
    suggestion: str | None = None
    retry_after: int | None = None
    status: int = 200
    texts: dict[str, FormTexts] = field(default_factory=dict)
    typed: bool = False
    result: dict[str, Any] | None = None
    direct: bool = False
    request_fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def again(cls, fields: Mapping[str, str], *, same: bool = False) -> "Form":
        """The form with what was typed; `same` where posting it again means the same act."""
        shown = {name: value for name, value in fields.items() if name not in SECRET_FIELDS}
        key = fields["key"] if same and fields.get("key") else new_token()
        return cls(values=shown, key=key, typed=True, status=422)

    @classmethod
    def accepted(cls, **result: Any) -> "Form":
        """What the page shows after the form was accepted."""
        return cls(result=result)

    def explain(
        self,
        lang: str,
        *,
        errors: Callable[[str], dict[str, list[str]]] | None = None,
        alert: Callable[[str], str] | None = None,
    ) -> None:
        """Say why it is shown again: in every language, since its page may be asked for in another
        one; shown in `lang`.
        """
        for language in LANGUAGES:
            texts = self.texts.setdefault(language, FormTexts())
            if errors is not None:
                texts.errors = errors(language)
            if alert is not None:
                texts.alert = alert(language)
        self.translate(lang)

    def translate(self, lang: str) -> None:
        """Show the reasons in another language."""
        texts = self.texts.get(lang)
        if texts is not None:
            self.errors, self.alert = texts.errors, texts.alert


@dataclass(frozen=True)
class ReadForm:
    """The fields of a form; `problem`: it is too large, so it is only shown again. `cut`: fields
    of which only the beginning was read."""

    fields: dict[str, str]
    problem: HttpError | None = None
    cut: tuple[str, ...] = ()


async def read_fields(request: web.Request, names: Sequence[str]) -> ReadForm:
    """The fields of a form; every one of `names` may be absent, none may be there twice.

    Raises HttpError: 413 where it is too large even to be shown again, 415, 408, or 400 for what no
    browser sends (AZ-03).
    """
    _require_type(request, URLENCODED)
    body = await _read(request, MAX_READ_BYTES)
    if not body.isascii() or _BARE_PERCENT.search(body) or body.count(b"&") >= MAX_FIELDS:
        raise HttpError(400, event="input_validation_fail", reason="not a form")
    fields: dict[str, str] = {}
    oversized = []
    for pair in filter(None, body.split(b"&")):
        encoded_name, _, encoded = pair.partition(b"=")
        try:
            name = _decode(encoded_name, max_typed_length(""))[0]
            value, is_oversized = _decode(encoded, max_typed_length(name))
        except UnicodeDecodeError:
            raise HttpError(400, event="input_validation_fail", reason="not UTF-8") from None
        if name not in names or name in fields:
            reason = "repeated field" if name in fields else "unknown field"
            raise HttpError(400, event="input_validation_fail", reason=reason)
        # Browsers send line ends as CRLF whatever was typed; our fields are single lines, so a line
        # end is left in for the service to refuse.
        fields[name] = _as_typed(name, value.replace("\r\n", "\n"))
        if is_oversized:
            oversized.append(name)
    try:
        _refuse_oversized(request, oversized)
    except HttpError as error:
        if error.status not in CARRIED:
            raise
        return ReadForm(fields, error)
    too_large = HttpError(413) if len(body) > MAX_BODY_BYTES else None
    return ReadForm(fields, too_large, tuple(oversized))


async def read_json(request: web.Request, name: str) -> str:
    """The one field of a JSON request of our scripts."""
    _require_type(request, JSON)
    body = await _read(request, MAX_BODY_BYTES)
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise HttpError(400, event="input_validation_fail", reason="not JSON") from None
    if not isinstance(document, dict) or set(document) != {name}:
        raise HttpError(400, event="input_validation_fail", reason="unknown field")
    value = document[name]
    if not isinstance(value, str) or not _encodable(value):
        raise HttpError(400, event="input_validation_fail", reason="not a text")
    kept, is_oversized = _cut(value, max_typed_length(name))
    _refuse_oversized(request, [name] if is_oversized else [])
    return _as_typed(name, kept)


async def read_report(request: web.Request) -> Any:
    """A browser's report, or None where it is not JSON."""
    try:
        return json.loads(await _read(request, MAX_BODY_BYTES))
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


async def _read(request: web.Request, max_bytes: int) -> bytes:
    if (request.content_length or 0) > max_bytes:
        raise HttpError(413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise HttpError(413) from None
    except TimeoutError:
        raise HttpError(408) from None
    except ConnectionError:
        raise HttpError(400) from None  # the browser has gone
    if len(body) > max_bytes:
        raise HttpError(413)
    return body


def _decode(encoded: bytes, max_length: int) -> tuple[str, bool]:
    """A value as `_cut` returns it; decodes no more than it can take. Raises UnicodeDecodeError."""
    start = encoded[: ENCODED_SIZE * (max_length + 1)]
    is_whole = len(start) == len(encoded)
    octets = unquote_to_bytes(_CUT_OCTET.sub(b"", start).replace(b"+", b" "))
    value = codecs.getincrementaldecoder("utf-8")().decode(octets, final=is_whole)
    kept, is_oversized = _cut(value, max_length)
    return kept, is_oversized or not is_whole


def _cut(value: str, max_length: int) -> tuple[str, bool]:
    """(the first code points of a value, whether it is longer or stacks marks upon marks)."""
    kept = value[:max_length]
    return kept, len(kept) < len(value) or has_long_run_of_marks(kept)


def _as_typed(name: str, value: str) -> str:
    """The value of a field that people type, without what came with a paste; a password is never
    changed."""
    return clean_edges(value) if name in TYPED_FIELDS else value


def _refuse_oversized(request: web.Request, names: Sequence[str]) -> None:
    """Count a form with such fields, and refuse it with 413 where one is a password, which is never
    cut.

    The rule of any other field refuses what is left of it, on the form with what was typed.
    """
    if not names:
        return
    count_oversized(request, names[0])
    for name in names:
        if name in PASSWORDS:
            raise HttpError(413, reason=f"{name} too long", field=name)


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
