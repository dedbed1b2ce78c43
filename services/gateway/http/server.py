"""The HTTP server: time limits of connections, and an orderly stop.

aiohttp has no time limit for the head of a request; its keep-alive timer, which also runs from the
opening of a connection to the end of the first head, serves as one (WF-11). Requests that its
parser refuses never reach the application, so their response gets its headers here.
"""

import asyncio

from aiohttp import web
from aiohttp.web_request import BaseRequest

from services.gateway.http import security_headers
from services.gateway.http.errors import error_text
from services.gateway.http.site import SITE
from shared.errors import ImpexError
from shared.i18n.catalogue import translate
from shared.runtime.telemetry import get_logger

#: Seconds from a connection, or from its last answer, to the end of the next request's head.
HEAD_SECONDS = 10
#: Seconds during which the rest of a refused body is read.
LINGER_SECONDS = 2
MAX_LINE_BYTES = 8_190
MAX_HEADERS = 64

BARE_ERROR_PAGE = """<!DOCTYPE html>
<html lang="fr"><meta charset="utf-8"><title>{fr} - {en}</title>
<h1>{fr}</h1><p>{fr_text}</p><h1 lang="en">{en}</h1><p lang="en">{en_text}</p>
<p><a href="/">Accueil - Home</a></p></html>
"""

log = get_logger("gateway")


class BareErrorResponse(web.Response):
    """An answer made without the application: no template, the same headers."""

    async def _prepare_headers(self) -> None:
        # No signal runs for a request that could not be parsed, and aiohttp names itself here.
        await super()._prepare_headers()
        self.headers.pop("Server", None)


class HttpConnection(web.RequestHandler):
    """One connection; differs from aiohttp's only in what it answers to what is not HTTP."""

    secure = False

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A bilingual page without a word about the cause (LG-07)."""
        log.warning(
            "A request could not be read.",
            action="input_validation_fail" if status < 500 else "unexpected_error",
            status=status,
            reason=type(exc).__name__ if exc else None,
        )
        text = error_text(status)
        unknown = {"reference": "-", "phone": "-"}
        html = BARE_ERROR_PAGE.format(
            fr=translate(text.heading, "fr"),
            en=translate(text.heading, "en"),
            fr_text=translate(text.text, "fr", **unknown),
            en_text=translate(text.text, "en", **unknown),
        )
        response = BareErrorResponse(text=html, status=status, content_type="text/html")
        security_headers.put_headers(
            response, nonce=security_headers.new_nonce(), secure=self.secure
        )
        response.force_close()
        return response


class HttpServer:
    """The application on a socket. `bind`, then `serve`, then `stop`."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        # The middleware writes the access log, without the query string.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=20)
        self._server: asyncio.Server | None = None

    async def bind(self) -> int:
        """Take the port without answering yet; returns it. ImpexError where it is taken."""
        await self._runner.setup()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._connection, self._host, self._port, backlog=512, start_serving=False
            )
        except OSError as error:
            await self._runner.cleanup()
            raise ImpexError(
                f"the portal cannot listen on {self._host}:{self._port}: {error.strerror or error}"
            ) from error
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    def _connection(self) -> HttpConnection:
        manager = self._runner.server
        assert manager is not None
        connection = HttpConnection(
            manager,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=HEAD_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            auto_decompress=False,
        )
        connection.secure = self._app[SITE].secure
        return connection

    async def serve(self) -> None:
        """Answer until cancelled."""
        assert self._server is not None
        await self._server.start_serving()
        log.info("The portal answers.", action="portal_open", host=self._host, port=self._port)
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Take no new connection, let what has begun finish, close the rest."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._runner.cleanup()
