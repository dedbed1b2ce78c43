"""S-07: the mail catcher of the try-out answers no page of another origin."""

import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from operations.install.paths import ROOT
from operations.local.processes import free_port
from operations.local.stack import CATCHER, SAME_ORIGIN, responds
from tests.support import eventually_sync


@pytest.fixture(scope="module")
def catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of its page."""
    web, smtp = free_port(), free_port()
    command = ["node", "--require", str(SAME_ORIGIN), str(CATCHER), "--ip", "127.0.0.1"]
    command += ["--smtp", str(smtp), "--web-ip", "127.0.0.1", "--web", str(web)]
    folder = tmp_path_factory.mktemp("mails")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--mail-directory", str(folder)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]},
            stdout=log,
            stderr=log,
        )
    eventually_sync(lambda: responds(f"http://127.0.0.1:{web}"), 60, why="the catcher is ready")
    yield web
    process.terminate()
    process.wait(30)


def status(port: int, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of one answer; `{own}` in a header is the catcher's own host and port."""
    own = f"127.0.0.1:{port}"
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        filled = {name: value.replace("{own}", own) for name, value in headers.items()}
        connection.request(method, path, headers=filled)
        return connection.getresponse().status


LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
ANSWERED = {
    "a program": ("GET", "/api/email", {}),
    "a program that deletes": ("DELETE", "/api/email/all", {}),
    "its own page": ("GET", "/api/email", {"Sec-Fetch-Site": "same-origin"}),
    "its own page deletes": (
        "DELETE",
        "/api/email/all",
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://{own}"},
    ),
    "a typed address": ("GET", "/", {"Sec-Fetch-Site": "none", "Accept": "text/html"}),
    "a link of the portal": ("GET", "/", {"Sec-Fetch-Site": "same-site", **LINK}),
    "a link of elsewhere": ("GET", "/", {"Sec-Fetch-Site": "cross-site", **LINK}),
}
REFUSED = {
    "a page of elsewhere": ("GET", "/api/email", {"Origin": "https://evil.example"}),
    "another port of this machine": ("GET", "/api/email", {"Origin": "http://127.0.0.1:1"}),
    "a page without origin": ("GET", "/api/email", {"Origin": "null"}),
    "https of the same host": ("GET", "/api/email", {"Origin": "https://{own}"}),
    "a script of elsewhere": ("GET", "/api/email", {"Sec-Fetch-Site": "cross-site"}),
    "an image of elsewhere": (
        "GET",
        "/api/reloadMailsFromDirectory",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    ),
    "a frame of elsewhere": (
        "GET",
        "/",
        {"Sec-Fetch-Site": "cross-site", **LINK, "Sec-Fetch-Dest": "iframe"},
    ),
    "a form of elsewhere": ("POST", "/api/email/all", {"Sec-Fetch-Site": "cross-site", **LINK}),
    "a deletion from elsewhere": ("DELETE", "/api/email/all", {"Origin": "https://evil.example"}),
    "a preflight": (
        "OPTIONS",
        "/api/email/all",
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"},
    ),
    "a name that leads here": ("GET", "/api/email", {"Host": "evil.example"}),
    "such a name with its port": ("GET", "/api/email", {"Host": "127.0.0.1.evil.example:1080"}),
    "messages as they come": (
        "GET",
        "/socket.io/?EIO=4&transport=polling",
        {"Origin": "https://evil.example"},
    ),
}


@pytest.mark.parametrize("who", ANSWERED)
def test_s_07_the_catcher_answers(catcher: int, who: str) -> None:
    assert status(catcher, *ANSWERED[who]) == 200


@pytest.mark.parametrize("who", REFUSED)
def test_s_07_the_catcher_refuses(catcher: int, who: str) -> None:
    assert status(catcher, *REFUSED[who]) == 403


@pytest.mark.parametrize(
    ("origin", "opened"), [("http://{own}", True), ("https://evil.example", False)]
)
def test_s_07_a_web_socket_is_opened_for_its_own_page_only(
    catcher: int, origin: str, opened: bool
) -> None:
    own = f"127.0.0.1:{catcher}"
    lines = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        f"Host: {own}",
        f"Origin: {origin.replace('{own}', own)}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "\r\n",
    )
    with socket.create_connection(("127.0.0.1", catcher), 30) as client:
        client.sendall("\r\n".join(lines).encode())
        try:
            answer = client.recv(100)
        except ConnectionResetError:
            answer = b""
    assert answer.startswith(b"HTTP/1.1 101") is opened
    assert opened or not answer


def test_s_07_containers_start_it_in_the_same_way() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    name = Path(SAME_ORIGIN).name
    assert f"COPY operations/local/{name} ./" in dockerfile
    assert f'CMD ["node", "--require", "./{name}", ' in dockerfile
