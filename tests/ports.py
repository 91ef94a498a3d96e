"""Ports for programs that have to be told one."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port of loopback that nobody listens on, and that the kernel gives to nobody who asks for any port.

    One that the kernel has given and taken back may be another program's by the time that it is used.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # Linux gives out those from 32,768 on
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
