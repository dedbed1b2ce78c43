"""64 KiB in any field: what is read of it, and what it counts."""

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote_from_bytes

import pytest
from aiohttp import web

from services.gateway.app import PAGES
from services.gateway.http import forms
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import (
    MAX_BODY_BYTES,
    MAX_FIELDS,
    PASSWORDS,
    TYPED_FIELDS,
    read_fields,
    read_json,
)
from services.gateway.http.routes import JsonQuestion, Page
from services.gateway.http.sliding_window import OVERSIZED, SlidingWindow
from services.gateway.portal.language_routes import LANGUAGE
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.domain import typed_text
from shared.domain.typed_text import clean_edges, max_typed_length

FORMS = [one for one in PAGES if isinstance(one, Page)]
FIELDS = sorted({"csrf", "key", *(name for one in FORMS for name in one.fields.split())})
FILLERS = {
    "marks": "\u0315\u0316",
    "letters": "a",
    "accents": "e\u0301",
    "blanks": " ",
    "ligatures": "\ufdfa",
    "pictures": "\U0001f9ea",
    "zeros": "\0",
}


def request(
    body: bytes,
    content_type: str,
    limit: int = 1000,
    *,
    window: SlidingWindow | None = None,
    network: str = "192.0.2.0/24",
) -> web.Request:
    """As much of a request as reading its body needs."""

    async def read() -> bytes:
        return body

    app = {OVERSIZED: window or SlidingWindow(limit, 60)}
    state = {REQUEST_STATE: SimpleNamespace(network=network)}
    made = SimpleNamespace(
        content_type=content_type,
        charset="utf-8",
        headers={},
        content_length=len(body),
        read=read,
        app=app,
    )

    class Request(SimpleNamespace):
        def __getitem__(self, key: object) -> object:
            return state[cast(Any, key)]

    return cast(web.Request, Request(**vars(made)))


def form(name: str, filler: str) -> bytes:
    """A body of 64 KiB whose field `name` is filled with copies of `filler`."""
    start, unit = f"{name}=".encode(), quote_from_bytes(filler.encode()).encode()
    return start + unit * ((MAX_BODY_BYTES - len(start)) // len(unit))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of every text that was looked at, sign by sign."""
    lengths: list[int] = []
    look = typed_text.has_long_run_of_marks

    def counted(text: str) -> bool:
        lengths.append(len(text))
        return look(text)

    monkeypatch.setattr(forms, "has_long_run_of_marks", counted)
    return lengths


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
@pytest.mark.parametrize("name", FIELDS)
async def test_s_03_a_field_is_cut_before_anything_looks(
    name: str, filler: str, looked_at: list[int]
) -> None:
    posted = request(form(name, filler), forms.URLENCODED)
    read = await read_fields(posted, FIELDS)
    if name in PASSWORDS:
        assert read.problem is not None, "a password is never cut"
        assert (read.problem.status, read.problem.field) == (413, name)
    else:
        assert read.problem is None
        value = read.fields[name]
        cut = (filler * MAX_BODY_BYTES)[: max_typed_length(name)]
        assert value == (clean_edges(cut) if name in TYPED_FIELDS else cut)
    assert max(looked_at) <= max_typed_length(name) <= 4_000
    assert posted.app[OVERSIZED]._times["192.0.2.0/24"], "counted"


@pytest.mark.parametrize("one", [one for one in PAGES if isinstance(one, JsonQuestion)])
async def test_s_03_a_question_of_a_script_is_cut_too(
    one: JsonQuestion, looked_at: list[int]
) -> None:
    body = b'{"%s": "%s"}' % (one.field.encode(), ("\u0315\u0316" * 15_000).encode())
    posted = request(body, forms.JSON)
    if one.field in PASSWORDS:
        with pytest.raises(HttpError):
            await read_json(posted, one.field)
    else:
        assert len(await read_json(posted, one.field)) == max_typed_length(one.field)
    assert all(length <= max_typed_length(one.field) for length in looked_at)
    assert posted.app[OVERSIZED]._times, "counted"


async def test_s_03_oversized_fields_count_against_a_limit_of_the_network() -> None:
    posted = request(form("last_name", "a"), forms.URLENCODED, limit=2)
    for _ in range(2):
        await read_fields(posted, FIELDS)
    refused = await read_fields(posted, FIELDS)
    assert refused.fields, "the form comes back"
    assert refused.problem is not None
    assert refused.problem.status == 429
    assert refused.problem.retry_after


@pytest.mark.parametrize(
    ("networks", "accepted"),
    [("2001:db8:0:{}::/64", 2), ("2001:db8:{}::/64", 4), ("192.0.{}.0/24", 4)],
)
async def test_s_05_a_48_of_ipv6_is_one_network(networks: str, accepted: int) -> None:
    window, found = SlidingWindow(2, 60), []
    for number in range(4):
        network = networks.format(number)
        posted = request(form("last_name", "a"), forms.URLENCODED, window=window, network=network)
        found.append((await read_fields(posted, FIELDS)).problem)
    assert found.count(None) == accepted


@pytest.mark.parametrize("one", [one for one in FORMS if one.submit], ids=lambda one: one.name)
async def test_p_03_every_form_may_be_sent_by_the_language_switch(one: Page) -> None:
    names = list(dict.fromkeys(("csrf", "key", *one.fields.split(), *LANGUAGE.fields.split())))
    assert len(names) < MAX_FIELDS, "raise MAX_FIELDS"
    body = "&".join(f"{name}=a" for name in names).encode()
    assert list((await read_fields(request(body, forms.URLENCODED), names)).fields) == names


async def test_az_03_a_body_of_more_fields_than_any_form_has_is_refused() -> None:
    names = [f"field{number}" for number in range(MAX_FIELDS + 1)]
    body = "&".join(f"{name}=a" for name in names).encode()
    with pytest.raises(HttpError) as refused:
        await read_fields(request(body, forms.URLENCODED), names)
    assert refused.value.status == 400


@pytest.mark.parametrize("body", [b"code=a%", b"code=%zz", b"code=%4", "code=é".encode()])
async def test_az_03_what_no_browser_encodes_is_refused(body: bytes) -> None:
    with pytest.raises(HttpError) as refused:
        await read_fields(request(body, forms.URLENCODED), FIELDS)
    assert refused.value.status == 400


async def test_s_03_a_cut_never_splits_a_sign() -> None:
    for shift in range(13):
        body = b"last_name=" + b"a" * shift + b"%F0%9F%A7%AA" * 5_000
        value = (await read_fields(request(body, forms.URLENCODED), FIELDS)).fields["last_name"]
        assert value == ("a" * shift + "\U0001f9ea" * 5_000)[: max_typed_length("last_name")]
