"""Allocated ports stay free until their server starts."""

import socket

from operations.local.processes import PORTS, free_port


def test_no_port_is_given_twice_nor_one_that_is_taken() -> None:
    given = [free_port() for _ in range(200)]
    assert len(set(given)) == 200
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", following(given[-1])))
        assert free_port() != following(given[-1])


def test_outgoing_connections_take_none_of_them() -> None:
    assert free_port() < 32_768  # Linux's default start of ephemeral ports


def following(port: int) -> int:
    return PORTS.start if port + 1 == PORTS.stop else port + 1
