"""Allocated ports stay free until their server starts, and a broker keeps its own."""

import json
import socket
from pathlib import Path

from operations.local import rabbit
from operations.local.processes import PORTS, free_port
from operations.local.rabbit import Rabbit


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


def test_o_18_the_broker_keeps_its_ports_and_its_port_can_be_set(tmp_path: Path) -> None:
    """O-18: those of the last start, but for one that is taken meanwhile."""
    first = Rabbit(tmp_path, "x").ports
    (tmp_path / rabbit.PORTS).write_text(json.dumps(first))
    assert Rabbit(tmp_path, "x").ports == first
    wanted = free_port()
    assert Rabbit(tmp_path, "x", port=wanted).ports == {**first, "amqp": wanted}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["management"]))
        taken.listen()
        again = Rabbit(tmp_path, "x").ports
    assert again["management"] != first["management"]
    assert again["amqp"] == first["amqp"]
    (tmp_path / rabbit.PORTS).write_text("no ports")
    assert set(Rabbit(tmp_path, "x").ports) == set(first)
