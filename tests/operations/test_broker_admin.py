"""Requests to the management API over a connection that the broker has closed meanwhile."""

import socket
import threading

import pytest

from operations.provision.broker_admin import BrokerAdmin
from shared.errors import DependencyDown

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_persistent_connection_that_was_closed_is_opened_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_twice() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(ANSWER)

        answering = threading.Thread(target=answer_twice, daemon=True)
        answering.start()
        admin = BrokerAdmin(f"http://u:p@127.0.0.1:{server.getsockname()[1]}")
        assert admin.call("GET", "overview") == {}
        assert admin.call("GET", "overview") == {}
        answering.join(10)
        assert not answering.is_alive()
        admin.close()


def test_an_unavailable_broker_is_reported_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DependencyDown, match=f"127.0.0.1:{port}: Connection refused"):
        BrokerAdmin(f"http://u:p@127.0.0.1:{port}").call("GET", "overview")
