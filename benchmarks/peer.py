"""The other end of three baselines: `python -m benchmarks.peer AMQP_URL QUEUE`.

A bare aiohttp server that reads a form and answers 303, or shows a page, and a bare responder over
direct reply-to: what our gateway and registration would be if they did nothing. The page of
`/rendered` is the portal's sign-in page, made by Jinja2 of its templates from values at hand, and
compressed. It ends with its standard input.
"""

import contextlib
import sys

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage
from aiohttp import web

from benchmarks.subprocesses import input_ended, say
from services.gateway.http.forms import Form
from services.gateway.http.rendering import PageBrand, Renderer
from services.gateway.portal.resources import TEMPLATES

BRAND = PageBrand(
    service_name="IMPEXWEB",
    operator_name="ANSM",
    logo_lines=("République", "Française"),
    theme="dsfr",
    phone="01 23 45 67 89",
    phone_international="+33 1 23 45 67 89",
    import_address="import@example.fr",
    export_address="export@example.fr",
    support_address="support@example.fr",
    dpo_address="dpo@example.fr",
    dpo_postal="1 rue de l'Exemple, 75001 Paris",
    sender="impexweb@example.fr",
    try_out=False,
    recovery_codes=True,
    lost_phone_minutes=0,
)
RENDERER = Renderer(BRAND, "/static/{}".format, "/{}".format, TEMPLATES)
VARIABLES = {
    "csrf": "c" * 43,
    "nonce": "n" * 22,
    "form": Form(),
    "flash": [],
    "me": None,
    "created": False,
}


async def form(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>form</title>", content_type="text/html")


async def rendered(_request: web.Request) -> web.Response:
    html = RENDERER.render("sign_in.html", "fr", VARIABLES)
    response = web.Response(text=html, content_type="text/html")
    response.enable_compression()
    return response


async def posted(request: web.Request) -> web.Response:
    fields = await request.post()
    return web.Response(status=303, headers={"Location": f"/next?{len(fields)}"})


async def serve_http() -> tuple[web.AppRunner, int]:
    """The bare server and its port."""
    application = web.Application()
    application.router.add_get("/", form)
    application.router.add_get("/rendered", rendered)
    application.router.add_post("/", posted)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def serve_requests(url: str, name: str) -> aio_pika.abc.AbstractConnection:
    """A responder that sends every body back."""
    connection = await aio_pika.connect(url)
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=64)
    queue = await channel.declare_queue(name, auto_delete=True)

    async def answer(message: AbstractIncomingMessage) -> None:
        reply = aio_pika.Message(message.body, correlation_id=message.correlation_id)
        assert message.reply_to is not None
        # A direct reply-to name is "not routed" for the broker: mandatory would send it all back.
        await channel.default_exchange.publish(reply, message.reply_to, mandatory=False)
        await message.ack()

    await queue.consume(answer)
    return connection


async def main(url: str, name: str) -> None:
    """Serve both until the harness ends."""
    connection = await serve_requests(url, name)
    runner, port = await serve_http()
    say({"port": port})
    await input_ended()
    await runner.cleanup()
    await connection.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main(sys.argv[1], sys.argv[2]))
