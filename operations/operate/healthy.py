"""`impex healthy`: whether the services of this container are ready.

It asks the health page of every `IMPEX_…_HEALTH_PORT` of the environment, and imports little,
because it runs every few seconds.
"""

import argparse
import http.client
import os
from collections.abc import Mapping

from operations.printing import say
from shared.errors import ConfigurationError

SUFFIX = "_HEALTH_PORT"
SECONDS = 3


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
    if not found:
        sentence = "is required: no service has a health page"
        raise ConfigurationError([(f"IMPEX_…{SUFFIX}", sentence)])
    return found


def _why_not_ready(host: str, port: int) -> str:
    """Why a service is not ready; empty where it is."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        text = answer.read(1_000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error})"
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else text
