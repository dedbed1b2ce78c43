"""The other end of two baselines: `python -m benchmarks.peer AMQP_URL QUEUE`.

A bare aiohttp server that reads a form and answers 303, and a bare responder over direct reply-to:
what our gateway and registration would be if they did nothing. It ends with its standard input.
"""

import contextlib
import sys

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage
from aiohttp import web

from benchmarks.subprocesses import input_ended, say


async def form(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>form</title>", content_type="text/html")


async def posted(request: web.Request) -> web.Response:
    fields = await request.post()
    return web.Response(status=303, headers={"Location": f"/next?{len(fields)}"})


async def serve_http() -> tuple[web.AppRunner, int]:
    """The bare server and its port."""
    application = web.Application()
    application.router.add_get("/", form)
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
