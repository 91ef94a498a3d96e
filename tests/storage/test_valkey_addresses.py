"""REDIS_URL: TLS, users and unix sockets; what cannot be read stops the start, and no password is ever told."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil
import pytest
from valkey import Valkey

from backend.core.errors import ConfigError
from backend.storage import ValkeyCache
from backend.storage.cache import CacheUnavailable
from tests.storage.certificates import Signed, authority, signed
from tests.storage.valkeys import Server, server, tls_server

PASSWORD = "p@ss/w:rd#?%&"
PATIENT: dict[str, float] = {"timeout_seconds": 10.0}  # where it is the answer that counts, not the time


async def kept(url: str) -> bytes | None:
    """What comes back of a value that is given to the cache there."""
    cache = ValkeyCache(url, **PATIENT)
    try:
        await cache.ping()
        await cache.set("artisan:a", b"A", 60)
        return await cache.get("artisan:a")
    finally:
        await cache.close()


async def complaint(url: str, timeout_seconds: float = 10.0) -> str:
    """Why the cache there does not work, with a request that is served all the same."""
    cache = ValkeyCache(url, timeout_seconds=timeout_seconds)
    try:
        assert await cache.get("artisan:a") is None
        await cache.set("artisan:a", b"A", 60)
        with pytest.raises(CacheUnavailable) as caught:
            await cache.ping()
        return str(caught.value)
    finally:
        await cache.close()


class Secured(NamedTuple):
    """A server that speaks TLS, and the files around it."""

    port: int
    process: psutil.Process
    ours: Signed
    """The authority that signed its certificate."""
    other: Signed
    """Another one."""
    client: Signed
    """A client's certificate, signed by `ours`."""

    def url(self, *, host: str = "127.0.0.1", **options: Path | str) -> str:
        words = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in options.items())
        return f"rediss://{host}:{self.port}/0?{words}"


@pytest.fixture
def secured(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Secured]:
    """A server with a certificate for 127.0.0.1; by `indirect` its `tls-auth-clients`, which is "no" otherwise."""
    ours, other = authority(tmp_path, "ours"), authority(tmp_path, "other")
    its, client = signed(tmp_path, ours, "its"), signed(tmp_path, ours, "client")
    files = {"tls_cert_file": its.certificate, "tls_key_file": its.key, "tls_ca_cert_file": ours.certificate}
    with tls_server(tmp_path, tls_auth_clients=getattr(request, "param", "no"), **files) as (port, process):
        yield Secured(port, process, ours, other, client)


async def test_tls_with_a_private_authority(secured: Secured) -> None:
    """`ssl_ca_certs` names the file of the authority that signed the server's certificate."""
    assert await kept(secured.url(ssl_ca_certs=secured.ours.certificate)) == b"A"


async def test_connections_share_the_certificates_that_they_trust(secured: Secured) -> None:
    """To load them takes 50 ms in which the worker serves nobody, so it is done once."""
    cache = ValkeyCache(secured.url(ssl_ca_certs=secured.ours.certificate), **PATIENT)
    await cache.ping()
    await asyncio.gather(*(cache.get("artisan:a") for _ in range(20)))
    connections = cache._pool._available_connections
    assert len(connections) > 1
    assert len({id(connection.ssl_context) for connection in connections}) == 1
    await cache.close()


@pytest.mark.parametrize("trust", ["other", "system"])
async def test_a_server_that_another_authority_vouches_for_is_not_spoken_to(
    secured: Secured, trust: str, logs: Any
) -> None:
    """Its certificate does not verify: one warning, and requests go without the cache."""
    options = {"ssl_ca_certs": secured.other.certificate} if trust == "other" else {}
    assert "CERTIFICATE_VERIFY_FAILED" in await complaint(secured.url(**options))
    (warning,) = logs.of("cache_unavailable")
    assert "CERTIFICATE_VERIFY_FAILED" in warning["error"]


async def test_a_certificate_for_another_host_is_none(secured: Secured) -> None:
    """The name in the address must be one that the certificate names, unless the operator waives it."""
    trusted = {"ssl_ca_certs": secured.ours.certificate}
    assert "CERTIFICATE_VERIFY_FAILED" in await complaint(secured.url(host="localhost", **trusted))
    assert await kept(secured.url(host="localhost", **trusted, ssl_check_hostname="no")) == b"A"


async def test_an_operator_can_waive_verification(secured: Secured) -> None:
    """`ssl_cert_reqs=none` trusts whoever answers."""
    assert await kept(secured.url(ssl_cert_reqs="none")) == b"A"


async def test_a_file_of_certificates_that_is_not_there(secured: Secured) -> None:
    """It may be mounted later, so it stops no start."""
    assert "No such file" in await complaint(secured.url(ssl_ca_certs="/nowhere/ca.crt"))


@pytest.mark.parametrize("secured", ["yes"], indirect=True)
async def test_mutual_tls(secured: Secured) -> None:
    """A server that asks for a client's certificate is given the one of `ssl_certfile` and `ssl_keyfile`."""
    trusted = {"ssl_ca_certs": secured.ours.certificate}
    ours = {"ssl_certfile": secured.client.certificate, "ssl_keyfile": secured.client.key}
    assert await kept(secured.url(**trusted, **ours)) == b"A"
    assert await complaint(secured.url(**trusted))


async def test_tls_to_a_port_without_and_the_other_way_round(secured: Secured, tmp_path: Path) -> None:
    """The usual slip in an address: one side waits for words that never come, and the other ends the connection."""
    with server(tmp_path) as plain:
        assert "no answer" in await complaint(f"rediss://127.0.0.1:{plain.port}", timeout_seconds=0.5)
    assert await complaint(f"redis://127.0.0.1:{secured.port}")


async def test_a_hung_server_behind_tls_holds_up_neither_requests_nor_the_end(secured: Secured) -> None:
    """TLS says goodbye and waits for an answer; not for longer than the time limit."""
    cache = ValkeyCache(secured.url(ssl_ca_certs=secured.ours.certificate), timeout_seconds=1.0)
    await cache.ping()
    await asyncio.gather(*(cache.get("a") for _ in range(5)))  # connections that are still open at the end
    secured.process.send_signal(signal.SIGSTOP)
    try:
        started = perf_counter()
        assert await cache.get("a") is None
        await cache.close()
        assert perf_counter() - started < 2 * 1.0 + 3.0  # goodbye by itself would wait 30 s
        ours = psutil.Process().net_connections("tcp4")
        assert not [each for each in ours if each.raddr and each.raddr.port == secured.port]
    finally:
        secured.process.send_signal(signal.SIGCONT)


async def test_a_unix_socket(tmp_path: Path) -> None:
    """With a database and a user, as a network address has them."""
    path = tmp_path / "valkey.sock"
    with server(tmp_path, port=0, unixsocket=path), Valkey(unix_socket_path=str(path)) as operator:
        rights = ("~artisan:*", "+get", "+set", "+select")
        operator.execute_command("ACL", "SETUSER", "artisan", "on", f">{PASSWORD}", *rights)
        assert await kept(f"unix://{path}") == b"A"
        assert await kept(f"unix://artisan:{quote(PASSWORD, safe='')}@{path}?db=3") == b"A"
    assert "No such file" in await complaint(f"unix://{path}")


@pytest.fixture
def with_user(tmp_path: Path) -> Iterator[Server]:
    """A server whose user `artisan` has a password with every sign that means something in a URL."""
    with server(tmp_path) as running:
        with running.client() as operator:
            operator.execute_command("ACL", "SETUSER", "artisan", "on", f">{PASSWORD}", "~artisan:*", "+get", "+set")
            operator.execute_command("ACL", "SETUSER", "reader", "on", f">{PASSWORD}", "~artisan:*", "+get")
            operator.execute_command("ACL", "SETUSER", "default", "off")
        yield running


async def test_a_password_of_any_signs(with_user: Server) -> None:
    """Percent-encoded, it arrives as it is."""
    assert await kept(f"redis://artisan:{quote(PASSWORD, safe='')}@127.0.0.1:{with_user.port}") == b"A"


@pytest.mark.parametrize("encode", [quote, lambda password: quote(password, safe="")])
@pytest.mark.parametrize(("user", "password"), [("artisan", "wr0ng-s3cret"), ("reader", PASSWORD), ("x", "s3cret%%")])
async def test_no_password_is_told(with_user: Server, logs: Any, user: str, password: str, encode: Any) -> None:
    """Neither to the log nor to health: not a wrong one, not a right one, in no form."""
    url = f"redis://{user}:{encode(password)}@127.0.0.1:{with_user.port}"
    said = ""
    try:
        said = await complaint(url)
    except ConfigError as error:
        said = str(error)
    for form in {password, quote(password), quote(password, safe=""), "s3cret", "p@ss", "w:rd"}:
        assert form not in said + str(logs.all())


@pytest.mark.parametrize(
    "url",
    [
        "redis://:pa/ss@127.0.0.1:6379",
        "redis://:pa#ss@127.0.0.1:6379",
        "redis://:pa?ss=1@127.0.0.1:6379",
        "redis://:12/ss@127.0.0.1:6379",
        "redis://:12?ss=1@127.0.0.1:6379",
        "redis://127.0.0.1:6379#ss",
        "redis://127.0.0.1:pass",
        "redis://[127.0.0.1:6379",
        "redis://127.0.0.1/0?ss=1",
        "redis://127.0.0.1/0?ssl_ca_certs=ca.crt",
        "rediss://127.0.0.1/0?ssl_cert_reqs=ss",
        "redis://127.0.0.1/0?max_connections=-1",
        "redis://127.0.0.1/0?db=ss",
    ],
)
def test_an_address_that_cannot_be_read_stops_the_start(url: str) -> None:
    """With a sentence that names the setting and repeats nothing of its value."""
    with pytest.raises(ConfigError, match=r"^REDIS_URL=\(secret\): cannot be read; .* percent-encoded") as caught:
        ValkeyCache(url)
    assert "ss" not in str(caught.value).replace("password", "").replace("passed", "")
    assert caught.value.__context__ is None
