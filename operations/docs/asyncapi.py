"""The reference of all messages as an AsyncAPI 3.0 document: `docs/asyncapi.json`.

It has what another program needs: servers and login, the envelope, every event and request with its
fields, and of each request the reply and the refusals.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from operations import service_registry
from operations.docs.field_rules import ACCOUNT, UUID
from operations.docs.message_docs import RefusalDoc, all_refusals, refusals, summary
from operations.docs.message_examples import TRACE, example_of, whole_message
from operations.docs.schemas import PREFIX, MessageSchemas, Schema
from operations.provision.partners import DEFAULT_FOLDER, declared
from operations.provision.provisioning import VHOST
from shared.contracts.base import EVENTS, REQUESTS, Event, Refusal, Request
from shared.messaging import envelope, rpc_codec, topology
from shared.version import VERSION

Document = dict[str, Any]

DESCRIPTION = """\
Accounts for people who import or export medicines: every event that the services publish, every \
request that they answer, and the events that other applications publish. How to connect, publish, \
hear, ask and seal, step by step: docs/integration.md.

A message is a CloudEvents 1.0 envelope as structured JSON, UTF-8, at most 256 KiB; `data` is the \
message itself. Events reach each subscriber at least once and in any order: handle an `id` once, \
and compare versions or times. A reader ignores fields that it does not know. `x-extensible-enum` \
lists the values of today: a later version may add one. A breaking change is a new type, beside \
the old one. A field with `x-seal-context` is sealed for one service; that context is part of the \
seal.
"""
AMQP = {"bindingVersion": "0.3.0"}
ANSWERS = ("reply", "refusal")


def document() -> Document:
    """The whole document; the contracts must be loaded."""
    return _Reference().document()


def in_order(messages: Iterable[type[Any]]) -> list[Any]:
    """Events or requests by their type."""
    return sorted(messages, key=lambda message: str(message.TYPE))


def subscribers(event: type[Event]) -> list[str]:
    """The services and other applications that hear an event."""
    services = service_registry.services()
    names = [one.name for one in services if any(row.event is event for row in one.hears)]
    names += [one.name for one in declared(DEFAULT_FOLDER) if event in one.hears]
    return names


def askers(request: type[Request]) -> list[str]:
    """The services that send a request."""
    return [one.name for one in service_registry.services() if request in one.asks]


def _ref(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


class _Reference:
    def __init__(self) -> None:
        self._schemas = MessageSchemas.of_all()
        self._events: Sequence[type[Event]] = in_order(EVENTS.values())
        self._requests: Sequence[type[Request]] = in_order(REQUESTS.values())

    def document(self) -> Document:
        messages: Document = {}
        for event in self._events:
            messages[event.TYPE] = self._message(event)
        for request in self._requests:
            messages[request.TYPE] = {
                **self._message(request),
                "headers": {"$ref": f"{PREFIX}RequestHeaders"},
                "correlationId": _ref("correlationIds", "request"),
            }
            messages[f"{request.TYPE}.reply"] = self._reply(request)
            messages[f"{request.TYPE}.refusal"] = self._refusal(request)
        return {
            "asyncapi": "3.0.0",
            "info": _info(),
            "defaultContentType": envelope.CONTENT_TYPE,
            "servers": _servers(),
            "channels": self._channels(),
            "operations": self._operations(),
            "components": {
                "messages": messages,
                "schemas": {**_envelope_schemas(), **self._schemas.components},
                "securitySchemes": {"login": _login()},
                "correlationIds": {"request": _correlation()},
            },
        }

    def _message(self, message: type[Event] | type[Request]) -> Document:
        data = msgspec.convert(example_of(message, self._schemas), message)
        return {
            "name": message.TYPE,
            "title": message.__name__,
            "summary": summary(message),
            **_note(message),
            "tags": [{"name": message.OWNER}],
            "contentType": envelope.CONTENT_TYPE,
            "payload": _enveloped(message, self._schemas.reference(message)),
            "bindings": {"amqp": {"messageType": message.TYPE, **AMQP}},
            "examples": [
                {"name": message.__name__, "payload": whole_message(_publisher(message), data)}
            ],
        }

    def _reply(self, request: type[Request]) -> Document:
        return {
            "name": f"{request.TYPE}.reply",
            "title": f"Reply to {request.__name__}",
            "summary": summary(request.REPLY),
            **_answer(request),
            "payload": _one_of_one("reply", self._schemas.reference(request.REPLY)),
            "examples": [
                {
                    "name": request.REPLY.__name__,
                    "payload": {"reply": example_of(request.REPLY, self._schemas)},
                }
            ],
        }

    def _refusal(self, request: type[Request]) -> Document:
        named = all_refusals(request)
        slugs = {"slug": {"type": "string", "x-extensible-enum": [one.slug for one in named]}}
        schema = {"allOf": [self._schemas.reference(Refusal), {"properties": slugs}]}
        return {
            "name": f"{request.TYPE}.refusal",
            "title": f"Refusal of {request.__name__}",
            "summary": "Why the owner did not carry the request out. Refusals that every request "
            "may get are in docs/integration.md.",
            **_answer(request),
            "payload": _one_of_one("refusal", schema),
            "examples": [{"name": "refusal", "payload": {"refusal": _refusal_example(named[0])}}],
            "x-refusals": [
                {**asdict(one), "params": one.params} if one.params else asdict(one)
                for one in refusals(request)
            ],
        }

    def _channels(self) -> Document:
        events = {event.TYPE: _channel(event, "event", topology.EVENTS) for event in self._events}
        requests = {
            request.TYPE: _channel(request, "request", topology.REQUESTS)
            for request in self._requests
        }
        # A channel for each, though all go to one queue: tools resolve a channel with all its
        # messages wherever it is named.
        replies = {
            f"{request.TYPE}.replies": {
                "address": None,
                "title": f"Answers to {request.__name__}",
                "description": "The asker's own queue, `NAME.replies.HEX`, bound to the exchange "
                f"`{topology.REPLIES}` by its name; the request names it in `reply_to`.",
                "messages": {kind: _ref("messages", f"{request.TYPE}.{kind}") for kind in ANSWERS},
                "bindings": {"amqp": _routing(topology.REPLIES)},
            }
            for request in self._requests
        }
        return {**events, **requests, **replies}

    def _operations(self) -> Document:
        found: Document = {}
        for event in self._events:
            about = _operation(event, "event", {"userId": event.OWNER, "deliveryMode": 2})
            found[f"{event.OWNER}.emits.{event.TYPE}"] = {"action": "send", **about}
            for name in subscribers(event):
                found[f"{name}.hears.{event.TYPE}"] = {"action": "receive", **about}
        for request in self._requests:
            about = {
                **_operation(request, "request", {"deliveryMode": 1, "mandatory": True}),
                "reply": {
                    "address": {
                        "location": "$message.header#/reply_to",
                        "description": "The AMQP property of the request.",
                    },
                    "channel": {"$ref": f"#/channels/{request.TYPE}.replies"},
                    "messages": [
                        {"$ref": f"#/channels/{request.TYPE}.replies/messages/{kind}"}
                        for kind in ANSWERS
                    ],
                },
                "x-changes": request.CHANGES,
            }
            found[f"{request.OWNER}.answers.{request.TYPE}"] = {"action": "receive", **about}
            for name in askers(request):
                found[f"{name}.asks.{request.TYPE}"] = {"action": "send", **about}
        return found


def _info() -> Document:
    return {
        "title": "IMPEXWEB",
        "version": VERSION,
        "description": DESCRIPTION,
        "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        "tags": [{"name": name} for name in sorted({one.split(".")[0] for one in EVENTS})],
    }


def _servers() -> Document:
    common = {"pathname": f"/{VHOST}", "security": [_ref("securitySchemes", "login")]}
    return {
        "production": {
            "host": "{host}:5671",
            "protocol": "amqps",
            "protocolVersion": "0.9.1",
            "description": "RabbitMQ of an installation, by TLS. The operator gives the address.",
            "variables": {"host": {"default": "broker.example.org"}},
            **common,
        },
        "local": {
            "host": "127.0.0.1:{port}",
            "protocol": "amqp",
            "protocolVersion": "0.9.1",
            "description": "The broker of `make up`; `impex status` shows its port.",
            "variables": {"port": {"default": "5672"}},
            **common,
        },
    }


def _login() -> Document:
    return {
        "type": "plain",
        "description": "Name and password of a broker user (SASL PLAIN). Its name is that of the "
        "service or application: `source` and the AMQP property `user_id` have to agree with it, "
        "and its rights allow exactly the messages that it declared.",
    }


def _correlation() -> Document:
    return {
        "location": "$message.header#/correlation_id",
        "description": "The AMQP property; the answer repeats it.",
    }


def _routing(exchange: str) -> Document:
    named = {"name": exchange, "type": "topic", "durable": True, "autoDelete": False}
    return {"is": "routingKey", "exchange": {**named, "vhost": VHOST}, **AMQP}


def _channel(message: type[Event] | type[Request], kind: str, exchange: str) -> Document:
    own: Document = {"address": message.TYPE}
    if issubclass(message, Event) and message.TO_PARTNER:
        exchange = topology.PARTNERS
        named = {"description": "The name of the partner, which alone receives it."}
        own = {
            "address": topology.partner_key(message.TYPE, "{partner}"),
            "parameters": {"partner": named},
        }
    return {
        **own,
        "title": message.TYPE,
        "messages": {kind: _ref("messages", message.TYPE)},
        "bindings": {"amqp": _routing(exchange)},
    }


def _operation(message: type[Event] | type[Request], kind: str, amqp: Document) -> Document:
    return {
        "channel": {"$ref": f"#/channels/{message.TYPE}"},
        "messages": [{"$ref": f"#/channels/{message.TYPE}/messages/{kind}"}],
        "bindings": {"amqp": {**amqp, **AMQP}},
    }


def _answer(request: type[Request]) -> Document:
    return {
        "tags": [{"name": request.OWNER}],
        "contentType": rpc_codec.CONTENT_TYPE,
        "correlationId": _ref("correlationIds", "request"),
        "bindings": {"amqp": {"messageType": request.TYPE, **AMQP}},
    }


def _one_of_one(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema}}


def _refusal_example(one: RefusalDoc) -> Document:
    example: Document = {"slug": one.slug}
    if one.slug == "invalid_fields":
        example["errors"] = [{"field": "address", "code": "missing", "params": {}}]
    if "retry_after" in one.detail:
        example["retry_after"] = 60
    if one.params:
        example["params"] = dict.fromkeys(one.params, 3)
    return example


def _note(message: type[Event] | type[Request]) -> Document:
    """Who else publishes an event than its owner."""
    if issubclass(message, Event) and message.BY_PARTNERS:
        text = "Every partner with the right to this type publishes it, each with its own name in "
        return {"description": f"{text}`source` and as `user_id`: see docs/partners.md."}
    return {}


def _publisher(message: type[Event] | type[Request]) -> str:
    """Who sends the example: an event's owner, or one who asks."""
    if issubclass(message, Event):
        return message.OWNER
    return (askers(message) or ["gateway"])[0]


def _enveloped(message: type[Event] | type[Request], data: Schema) -> Schema:
    is_event = issubclass(message, Event)
    source: Schema = {"$ref": f"{PREFIX}Source"}
    # Several partners may publish the same types; of ours the owner alone does.
    if issubclass(message, Event) and not message.BY_PARTNERS:
        source = {"type": "string", "const": f"impex/{message.OWNER}"}
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"$ref": f"{PREFIX}SpecVersion"},
            "id": {"$ref": f"{PREFIX}MessageId"},
            "source": source,
            "type": {"type": "string", "const": message.TYPE},
            "time": {"$ref": f"{PREFIX}MessageTime"},
            **({"subject": {"$ref": f"{PREFIX}Subject"}} if is_event else {}),
            "traceparent": {"$ref": f"{PREFIX}Traceparent"},
            "datacontenttype": {"$ref": f"{PREFIX}DataContentType"},
            "data": data,
        },
    }


def _envelope_schemas() -> dict[str, Schema]:
    return {
        "SpecVersion": {
            "description": "The version of CloudEvents.",
            "type": "string",
            "const": "1.0",
        },
        "MessageId": {
            "description": "New for each message, the same when it is sent again; also the AMQP "
            "property `message_id`. Ours are of version 7.",
            "type": "string",
            "format": "uuid",
            "examples": [UUID],
        },
        "Source": {
            "description": "`impex/` and the name of the broker user that sends.",
            "type": "string",
            "pattern": "^impex/[a-z][a-z0-9-]*$",
            "examples": ["impex/gateway"],
        },
        "MessageTime": {
            "description": "When it was sent, with a time zone (RFC 3339).",
            "type": "string",
            "format": "date-time",
        },
        "Subject": {
            "description": "Whom the event is about: the id of an account, or of an agent of the "
            "desk; missing where nobody is known.",
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "examples": [ACCOUNT],
        },
        "Traceparent": {
            "description": "The trace (W3C Trace Context); a new one where it is missing.",
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "examples": [TRACE],
        },
        "DataContentType": {
            "description": "Of `data`; may be left out.",
            "type": "string",
            "const": "application/json",
        },
        "RequestHeaders": {
            "description": "`idempotency_key` is a header, the others are AMQP properties.",
            "type": "object",
            "required": ["reply_to", "correlation_id"],
            "properties": {
                "reply_to": {
                    "description": "The asker's queue of replies.",
                    "type": "string",
                    "pattern": topology.REPLY_KEY.pattern,
                },
                "correlation_id": {
                    "description": "Repeated in the answer; the message's id will do.",
                    "type": "string",
                    "examples": [UUID],
                },
                "expiration": {
                    "description": "Milliseconds that the asker waits, 3000 where it is missing: "
                    "the owner begins nothing later, and works no longer on it.",
                    "type": "string",
                    "pattern": "^([1-9][0-9]{0,2}|[12][0-9]{3}|3000)$",
                    "examples": ["3000"],
                },
                rpc_codec.IDEMPOTENCY_KEY: {
                    "description": "Mandatory where the request changes something: the same key "
                    "with the same contents is carried out once and answered alike.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": rpc_codec.MAX_KEY_LENGTH,
                },
            },
        },
    }
