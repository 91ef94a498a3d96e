"""Whether a port can be had."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import psutil

from artisan.stack.ports import trouble


def test_a_port_in_use_is_told_with_the_process_that_has_it() -> None:
    """Its name and pid, so that it can be stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        name = psutil.Process().name()
        assert trouble(port) == f"port {port} is in use by {name} (pid {os.getpid()})"


def test_a_port_that_was_just_given_back_is_free() -> None:
    """Connections in TIME_WAIT are no obstacle, so that a stack can be started again at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            # The side that closes first keeps the TIME_WAIT.
            accepted.close()
    assert trouble(port) is None


def test_a_free_port_is_no_trouble(free_port: Callable[[], int]) -> None:
    """And looking does not take it."""
    port = free_port()
    assert trouble(port) is None
    assert trouble(port) is None
