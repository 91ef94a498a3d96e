"""Whether a TCP port can be had, and who has it otherwise."""

from __future__ import annotations

import errno
import socket

import psutil

LOOPBACK = "127.0.0.1"


def trouble(port: int) -> str | None:
    """Why nothing can listen on this loopback port, as a clause; None when it is free."""
    with socket.socket() as listener:
        # What a closed connection left in TIME_WAIT is no obstacle to a server, so it must not be one here.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is in use{_by_whom(port)}"
            return f"port {port} cannot be used ({error.strerror})"
    return None


def _by_whom(port: int) -> str:
    """The process that listens there, where the system lets this user see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
