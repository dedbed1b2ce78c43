"""Another web gateway: from the sign-up to the created account, and signing in with both factors.

It knows docs/integration.md and docs/reference/ only. Everything is kept in memory: a real gateway
stores sessions, and ends them as the events of its queue say.

    python gateway.py [PORT]
"""

import base64
import html
import ipaddress
import json
import os
import secrets
import sys
import uuid
from asyncio import Future, get_running_loop, timeout
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aiohttp import web
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

NAME = "gateway"
COOKIE = "second-gateway"
#: How long an answer is awaited, and the queue for answers.
SECONDS = 3
LIMITS = {"x-message-ttl": SECONDS * 1000, "x-max-length": 1000}
QUEUE: dict[str, Any] = {"exclusive": True, "auto_delete": True, "arguments": LIMITS}
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
Answer = dict[str, Any]


def ring(setting: str) -> dict[str, bytes]:
    """The keys of a setting by their ids, the current one first."""
    entries = (entry.split(":") for entry in os.environ[setting].split(","))
    return {key_id: base64.b64decode(raw) for key_id, _kind, raw in entries}


def seal(recipient: str, context: str, secret: str) -> Answer:
    """A secret that `recipient` alone can open, in the field that `context` names."""
    key_id, raw = next(iter(ring(f"IMPEX_SEAL_KEYS_{recipient.upper()}").items()))
    info = f"{recipient}|{key_id}|{context}".encode()
    box = HPKE.encrypt(secret.encode(), X25519PublicKey.from_public_bytes(raw), info=info)
    sealed = base64.urlsafe_b64encode(box).decode()
    return {"recipient": recipient, "key_id": key_id, "box": sealed}


def unseal(sealed: dict[str, str], context: str) -> str:
    """A secret that was sealed for the gateway."""
    raw = ring("IMPEX_SEAL_KEYS_GATEWAY")[sealed["key_id"]]
    info = f"{NAME}|{sealed['key_id']}|{context}".encode()
    box = base64.urlsafe_b64decode(sealed["box"])
    return HPKE.decrypt(box, X25519PrivateKey.from_private_bytes(raw), info=info).decode()


class Refused(Exception):
    """The owner did not carry a request out; the refusal is its argument."""


class Services:
    """Asks the services, and publishes the events of a gateway."""

    async def connect(self) -> None:
        """Open the connection, and a queue for the answers to this process."""
        self.connection = await aio_pika.connect(os.environ["IMPEX_GATEWAY_AMQP_URL"], heartbeat=15)
        self.channel = await self.connection.channel(on_return_raises=True)
        self.answers: dict[str, tuple[str, Future[bytes]]] = {}
        self.reply_to = f"{NAME}.replies.{secrets.token_hex(8)}"
        queue = await self.channel.declare_queue(self.reply_to, **QUEUE)
        await queue.bind("impex.replies", self.reply_to)
        await queue.consume(self._answered, no_ack=True)

    async def ask(self, kind: str, key: str | None, **data: object) -> Answer:
        """The reply of the owner. Raises `Refused`, or `TimeoutError`: ask again, same key."""
        message_id = str(uuid.uuid4())
        self.answers[message_id] = kind.split(".")[0], get_running_loop().create_future()
        headers: dict[str, Any] = {"idempotency_key": key} if key else {}
        message = _message(message_id, kind, data)
        message.delivery_mode = aio_pika.DeliveryMode.NOT_PERSISTENT
        message.correlation_id, message.reply_to = message_id, self.reply_to
        message.expiration, message.headers = SECONDS, headers
        try:
            async with timeout(SECONDS):
                exchange = await self.channel.get_exchange("impex.requests", ensure=False)
                await exchange.publish(message, kind, mandatory=True)
                answer = json.loads(await self.answers[message_id][1])
        finally:
            del self.answers[message_id]
        if refusal := answer.get("refusal"):
            raise Refused(refusal)
        return dict(answer["reply"])

    async def publish(self, kind: str, subject: str, data: Answer) -> None:
        """An event about an account."""
        message = _message(str(uuid.uuid4()), kind, data, subject)
        exchange = await self.channel.get_exchange("impex.events", ensure=False)
        await exchange.publish(message, kind)

    async def _answered(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        owner, answer = self.answers.get(message.correlation_id or "", ("", None))
        if answer and message.user_id == owner and not answer.done():
            answer.set_result(message.body)


def _message(message_id: str, kind: str, data: Answer, subject: str = "") -> aio_pika.Message:
    envelope = {"specversion": "1.0", "id": message_id, "source": f"impex/{NAME}", "type": kind}
    envelope |= {"subject": subject} if subject else {}
    body = json.dumps({**envelope, "time": datetime.now(UTC).isoformat(), "data": data})
    message = aio_pika.Message(body.encode(), message_id=message_id, type=kind, user_id=NAME)
    message.content_type = "application/cloudevents+json"
    message.delivery_mode = aio_pika.DeliveryMode.PERSISTENT
    return message


SERVICES = web.AppKey("services", Services)
#: What is known of each browser, by its cookie.
BROWSERS: dict[str, dict[str, str]] = {}
routes = web.RouteTableDef()


def page(title: str, content: str, *, status: int = 200) -> web.Response:
    """A page; `content` is HTML."""
    text = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{content}</html>'
    return web.Response(text=text, content_type="text/html", status=status)


def form(action: str, button: str, **fields: str) -> str:
    """A form with a key of its own, so that a second click is the same act."""
    inputs = [f'<input type="hidden" name="key" value="{secrets.token_urlsafe(16)}">']
    for name, label in fields.items():
        kind = {"password": "password", "address": "email"}.get(name, "text")
        inputs.append(f'<p><label>{label} <input name="{name}" type="{kind}" required></label></p>')
    inputs.append(f"<button>{button}</button>")
    return f'<form method="post" action="{action}">{"".join(inputs)}</form>'


def known(request: web.Request, *needed: str) -> dict[str, str]:
    """What is known of this browser; it is sent to the beginning where a step is missing."""
    browser = BROWSERS.get(request.cookies.get(COOKIE, ""), {})
    if any(name not in browser for name in needed):
        raise web.HTTPSeeOther("/")
    return browser


def begin(path: str, **values: str) -> web.Response:
    """Another token for this browser, of which no more than these values is known; and a page."""
    token, answer = secrets.token_urlsafe(32), web.Response(status=303, headers={"Location": path})
    BROWSERS[token] = values
    # Behind TLS also with secure=True.
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
    return answer


def network(request: web.Request) -> str:
    """The client's network, by which limits count."""
    address = ipaddress.ip_address(request.remote or "127.0.0.1")
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


async def act(request: web.Request, kind: str, *sealed: str, **fields: object) -> Answer:
    """Send a request with the key of the form; these fields of the form go sealed."""
    given, owner = await request.post(), kind.partition(".")[0]
    boxes = {name: seal(owner, f"{kind}/{name}", str(given[name])) for name in sealed}
    return await request.app[SERVICES].ask(kind, str(given["key"]), **fields, **boxes)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Forms of other sites are refused; a refusal and a silent service become pages."""
    if request.method == "POST" and request.headers.get("Origin") != str(request.url.origin()):
        raise web.HTTPForbidden
    try:
        return await handler(request)
    except Refused as refused:
        (refusal,) = refused.args
        errors = [f"{one['field']}: {one['code']}" for one in refusal.get("errors", ())]
        text = html.escape(", ".join([refusal["slug"], *errors]))
        # The form is shown anew: with its former key it would get the former answer.
        form_at = request.path if request.path in ("/code", "/phone") else "/"
        text += f'</p><p><a href="{form_at}">Again</a>'
        return page("Not accepted", f"<p>{text}</p>", status=422)
    except (TimeoutError, aio_pika.exceptions.AMQPError, ConnectionError):
        return page("Not now", "<p>Reload this page: nothing is done twice.</p>", status=503)


@routes.get("/")
async def welcome(_request: web.Request) -> web.StreamResponse:
    """Both ways in."""
    names = {"first_name": "First name", "last_name": "Last name"}
    login = {"address": "E-mail address", "password": "Password"}
    forms = form("/sign-up", "Sign up", **names, **login) + form("/sign-in", "Sign in", **login)
    return page("Second gateway", forms)


@routes.post("/sign-up")
async def sign_up(request: web.Request) -> web.StreamResponse:
    """An account is requested: its code is in a mail."""
    given = await request.post()
    fields = {name: str(given[name]) for name in ("first_name", "last_name", "address")}
    fields |= {"language": "en", "network": network(request)}
    view = await act(request, "registration.RequestAccount.v1", "password", **fields)
    return begin("/code", request_id=str(view["request_id"]))


@routes.get("/code")
async def ask_code(request: web.Request) -> web.StreamResponse:
    """The code of the mail is asked for."""
    known(request, "request_id")
    return page("Your address", form("/code", "Verify", code="Code of the mail"))


@routes.post("/code")
async def code(request: web.Request) -> web.StreamResponse:
    """The address is verified: the terms, in full, are next."""
    browser = known(request, "request_id")
    await act(request, "registration.VerifyCode.v1", "code", request_id=browser["request_id"])
    terms = await request.app[SERVICES].ask("registration.DescribeTerms.v1", None, language="en")
    browser |= {"version": str(terms["version"]), "sha256": str(terms["sha256"])}
    text = f"<pre>{html.escape(str(terms['text']))}</pre>"
    return page("Terms of use", text + form("/terms", "I accept"))


@routes.post("/terms")
async def accept(request: web.Request) -> web.StreamResponse:
    """The account is created."""
    browser = known(request, "request_id", "sha256")
    shown = {"terms_version": browser["version"], "terms_sha256": browser["sha256"]}
    fields = {"request_id": browser["request_id"], "language": "en", **shown}
    view = await act(request, "registration.AcceptTerms.v1", **fields)
    title = "Your account exists" if view["due"] == "created" else "Not created yet"
    return page(title, '<p><a href="/">Sign in</a></p>')


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Address and password: the second factor is next."""
    fields = {"address": str((await request.post())["address"]), "network": network(request)}
    view = await act(request, "registration.SignIn.v1", "password", **fields)
    if view["due"] == "request":
        return begin("/code", request_id=str(view["request_id"]))
    values = {"account": str(view["account_id"]), "failures": str(view["failures"])}
    values |= {"address": str(view["address"]), "key": secrets.token_urlsafe(16)}
    ask, account = request.app[SERVICES].ask, values["account"]
    factor = await ask("mfa.DescribeFactor.v1", None, account_id=account)
    if factor["enrolled_at"]:
        values["enrolled"] = "yes"
    return begin("/phone", **values)


@routes.get("/phone")
async def phone_page(request: web.Request) -> web.StreamResponse:
    """A code of the phone is asked for; before, the key of a new one is shown."""
    browser, shown = known(request, "account"), ""
    if "enrolled" not in browser:
        kind = "mfa.StartEnrolment.v1"
        label = seal("mfa", f"{kind}/label", browser["address"])
        ask, account = request.app[SERVICES].ask, browser["account"]
        view = await ask(kind, browser["key"], account_id=account, label=label)
        browser["enrolment"] = str(view["enrolment_id"])
        key = html.escape(unseal(view["key"], "EnrolmentView/key"))
        shown = f"<p>Key for your authenticator: <code>{key}</code></p>"
    return page("Your phone", shown + form("/phone", "Confirm", code="Code of the phone"))


@routes.post("/phone")
async def phone(request: web.Request) -> web.StreamResponse:
    """Both factors were right: the person is signed in, and the services hear of it."""
    account = (browser := known(request, "account"))["account"]
    if "enrolled" in browser:
        await act(request, "mfa.CheckCode.v1", "code", account_id=account)
    else:
        enrolment = {"account_id": account, "enrolment_id": browser["enrolment"]}
        await act(request, "mfa.ConfirmEnrolment.v1", "code", **enrolment)
    session: Answer = {"session_id": str(uuid.uuid4()), "device": "", "new_device": True}
    session |= {"network": network(request), "failures": int(browser["failures"])}
    session["opened_at"] = datetime.now(UTC).isoformat()
    await request.app[SERVICES].publish("gateway.SessionOpened.v1", account, session)
    return begin("/home", signed_in=account, address=browser["address"])


@routes.get("/home")
async def home(request: web.Request) -> web.StreamResponse:
    """Behind both factors."""
    browser = known(request, "signed_in")
    return page("Signed in", f"<p>{html.escape(browser['address'])}</p>")


if __name__ == "__main__":
    application = web.Application(middlewares=[guarded])
    application[SERVICES] = Services()
    application.on_startup.append(lambda app: app[SERVICES].connect())
    application.on_cleanup.append(lambda app: app[SERVICES].connection.close())
    application.add_routes(routes)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]) if sys.argv[1:] else 8070)
