"""A page of metrics from the network: one answer of bounded size, in bounded time."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
import zlib

from .documents import MAX_BYTES, Unreadable

SECONDS = 10.0
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
_GZIP = b"\x1f\x8b"


def fetch(url: str, within: float = SECONDS) -> str:
    """The text at an address, waited for at most `within` seconds altogether; raises Unreadable with one sentence."""
    done: list[bytes | Exception] = []

    def download() -> None:
        try:
            done.append(_download(url, within))
        except Exception as error:  # it belongs to the caller's thread
            done.append(error)

    # A socket's own limit is one for each read, so a server that drips would be listened to without end.
    thread = threading.Thread(target=download, daemon=True)
    thread.start()
    thread.join(within)
    if not done:
        raise Unreadable(f"{url} has not answered in full after {within:g} s: save its page to a file and give that")
    if isinstance(done[0], Exception):
        raise _told(url, done[0]) from done[0]
    return _unpacked(url, done[0]).decode("utf-8", errors="replace")


def _download(url: str, within: float) -> bytes:
    # A proxy of the environment could not reach loopback, and a metrics page is close by.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Accept": _ACCEPT})  # noqa: S310 - http or https alone
    with opener.open(request, timeout=within) as answer:
        raw: bytes = answer.read(MAX_BYTES + 1)
        if answer.length and len(raw) <= MAX_BYTES:
            raise http.client.IncompleteRead(raw, answer.length)
        return raw


def _told(url: str, error: Exception) -> Unreadable:
    """What went wrong, in one sentence."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        if "infinite loop" in str(error.reason):
            return Unreadable(f"{url} redirects without end: give the address that answers with the page")
        return Unreadable(f"{url} answers {error.code} {error.reason}: look at the path and at what it asks for")
    if isinstance(error, OSError | ValueError | http.client.HTTPException):
        reason = " ".join(str(getattr(error, "reason", error)).split())
        return Unreadable(f"{url} cannot be reached ({reason}): start the program, or give a file with its page")
    raise error


def _unpacked(url: str, raw: bytes) -> bytes:
    """The page itself, where the server has compressed it without being asked to."""
    if raw.startswith(_GZIP):
        try:
            raw = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(raw, MAX_BYTES + 1)
        except zlib.error as error:
            raise Unreadable(f"{url} answers with broken gzip ({error}): save its page to a file") from error
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"{url} answers more than {MAX_BYTES / 2**20:.0f} MiB: save a page of one instance to a file")
    return raw
