"""`impex healthy`: whether the services of this container are ready.

It asks the health page of every `IMPEX_…_HEALTH_PORT` of the environment. It runs every few seconds
in every container: it imports little, for which it speaks HTTP itself.
"""

import argparse
import os
import socket
from collections.abc import Mapping

from operations.printing import say
from shared.errors import ConfigurationError

SUFFIX = "_HEALTH_PORT"
SECONDS = 3
MAX_PORT = 65_535
#: Of an answer that is read, in bytes.
MAX_ANSWER = 2_000


def main(_options: argparse.Namespace) -> int:
    """Exit code 0 where all are ready, 1 where one is not."""
    ports = health_ports(os.environ)
    host = os.environ.get("IMPEX_HEALTH_HOST") or "127.0.0.1"
    if host in ("0.0.0.0", "::"):  # noqa: S104 - where it listens, not where it is asked
        host = "127.0.0.1"
    reasons = {name: _why_not_ready(host, port) for name, port in ports.items()}
    for name, reason in reasons.items():
        say(f"{name}: {reason or 'ready'}")
    return 1 if any(reasons.values()) else 0


def health_ports(environ: Mapping[str, str]) -> dict[str, int]:
    """The health ports of the environment, by their settings."""
    found = {
        name: int(port)
        for name, port in sorted(environ.items())
        if name.startswith("IMPEX_") and name.endswith(SUFFIX) and port.isdecimal() and int(port)
    }
    if wrong := [name for name, port in found.items() if port > MAX_PORT]:
        raise ConfigurationError([(name, f"must be at most {MAX_PORT}") for name in wrong])
    if not found:
        sentence = "is required: no service has a health page"
        raise ConfigurationError([(f"IMPEX_…{SUFFIX}", sentence)])
    return found


def _why_not_ready(host: str, port: int) -> str:
    """Why a service is not ready; empty where it is."""
    answer = b""
    try:
        with socket.create_connection((host, port), SECONDS) as client:
            client.sendall(b"GET /health/ready HTTP/1.0\r\n\r\n")
            while len(answer) < MAX_ANSWER and (part := client.recv(MAX_ANSWER)):
                answer += part
    except OSError as error:
        return f"no answer ({error})"
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    ready = head.startswith("HTTP/") and head.split(" ", 2)[1:2] == ["200"]
    return "" if ready else body or "no answer that is HTTP"
