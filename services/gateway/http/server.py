"""The socket side: who may connect for how long, and an orderly end.

aiohttp has no deadline of its own for the head of a request; its keep-alive timer, which also runs
from the opening of a connection to the end of the first head, serves as one (WF-11). What its
parser refuses never reaches the application, so that answer is dressed here.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.web_request import BaseRequest

from services.gateway.http import security_headers
from services.gateway.http.errors import error_text
from services.gateway.portal.app_keys import FRONT
from shared.errors import ImpexError
from shared.i18n.catalogue import translate
from shared.runtime.telemetry import get_logger

#: Seconds from a connection, or from its last answer, to the end of the next request's head.
HEAD_SECONDS = 10
#: Seconds that the rest of a body nobody wants is read for.
LINGER_SECONDS = 2
LONGEST_LINE = 8_190
MOST_HEADERS = 64

PLAIN = """<!DOCTYPE html>
<html lang="fr"><meta charset="utf-8"><title>{fr} - {en}</title>
<h1>{fr}</h1><p>{fr_text}</p><h1 lang="en">{en}</h1><p lang="en">{en_text}</p>
<p><a href="/">Accueil - Home</a></p></html>
"""

log = get_logger("gateway")


class PlainError(web.Response):
    """An answer made without the application: no template, the same headers."""

    async def _prepare_headers(self) -> None:
        # No signal runs for a request that could not be parsed, and aiohttp names itself here.
        await super()._prepare_headers()
        self.headers.pop("Server", None)


class Connection(web.RequestHandler):
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
        html = PLAIN.format(
            fr=translate(text.heading, "fr"),
            en=translate(text.heading, "en"),
            fr_text=translate(text.text, "fr", **unknown),
            en_text=translate(text.text, "en", **unknown),
        )
        response = PlainError(text=html, status=status, content_type="text/html")
        security_headers.put_headers(
            response, nonce=security_headers.new_nonce(), secure=self.secure
        )
        response.force_close()
        return response


class HttpServer:
    """The application behind a socket. `bind`, then `serve`, then `stop`."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        # Our own access line is written by the middleware, without the query string.
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

    def _connection(self) -> Connection:
        manager = self._runner.server
        assert manager is not None
        connection = Connection(
            manager,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=HEAD_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            max_headers=MOST_HEADERS,
            auto_decompress=False,
        )
        connection.secure = self._app[FRONT].secure
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
