"""`impex healthy` says what the health pages of its environment say."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.servers import fork_server


class _Page(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/health/ready" else 404)
        self.end_headers()
        self.wfile.write(b'{"ready": false, "broker": false}')

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def healthy(**environ: str) -> "subprocess.CompletedProcess[str]":
    return fork_server.run(["healthy"], {"PATH": os.environ["PATH"], **environ})


def test_a_ready_service_is_healthy_and_another_is_not(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"IMPEX_MFA_HEALTH_PORT": str(port), "IMPEX_HEALTH_HOST": "0.0.0.0"}
    assert healthy(**given).returncode == 0
    monkeypatch.setattr(_Page, "status", 503)
    done = healthy(**given)
    assert (done.returncode, '"broker": false' in done.stdout) == (1, True)
    monkeypatch.setattr(_Page, "status", 200)
    done = healthy(**given, IMPEX_MAILER_HEALTH_PORT="1", IMPEX_SUPPORT_HEALTH_PORT="0")
    assert (done.returncode, "IMPEX_MAILER_HEALTH_PORT: no answer" in done.stdout) == (1, True)
    assert "SUPPORT" not in done.stdout


def test_a_port_that_cannot_be_one_is_named() -> None:
    done = healthy(IMPEX_MFA_HEALTH_PORT="99999")
    assert done.returncode == 2
    assert done.stderr == "impex: IMPEX_MFA_HEALTH_PORT: must be at most 65535\n"


def test_a_container_without_a_health_page_is_named() -> None:
    done = healthy()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("impex: IMPEX_…_HEALTH_PORT: is required")
