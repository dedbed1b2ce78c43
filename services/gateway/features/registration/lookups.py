"""What scripts ask while somebody types: a listed word, a probable typo.

The answer is data, never a page (WF-08). Nothing of it is logged or kept.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.sliding_window import count_lookup
from shared.contracts.registration.requests import FindListedWord, SuggestAddress
from shared.contracts.registration.views import ListedWordView, SuggestionView
from shared.messaging.handlers import Refused


async def listed_word(request: web.Request, password: str) -> web.Response:
    """The listed word that a password holds, and its list; whether it is too simple (G-08)."""
    count_lookup(request)
    message = FindListedWord(password=seal(request, FindListedWord, "password", password))
    try:
        view = await ask(request, message, ListedWordView)
    except Refused:
        view = ListedWordView()
    return web.json_response(
        {"word": view.word, "source": view.source, "too_simple": view.too_simple}
    )


async def near_address(request: web.Request, address: str) -> web.Response:
    """The address that was probably meant, or null (G-05)."""
    count_lookup(request)
    suggestion = None
    if "@" in address:
        view = await ask(request, SuggestAddress(address=address), SuggestionView)
        suggestion = view.suggestion
    return web.json_response({"suggestion": suggestion})
