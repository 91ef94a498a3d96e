"""What the service asks: its cache, its LLM providers, its collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from artisan.doctor import Harm
from tests.llm.vendor import Reply, hang, raw, running_vendor, status
from tests.ports import free_port
from tests.storage.certificates import authority, signed
from tests.storage.valkeys import Server, fill, server, tls_server
from tests.tracing.collector import collecting

from .conftest import Look, only


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that asks for a password."""
    with server(tmp_path_factory.mktemp("valkey"), requirepass="open-sesame", maxmemory="8mb") as running:
        yield running


def at(valkey: Server, password: str = "open-sesame") -> str:
    return f"redis://:{password}@127.0.0.1:{valkey.port}/0" if password else f"redis://127.0.0.1:{valkey.port}/0"


async def test_a_cache_in_memory_is_not_looked_at(look: Look) -> None:
    """There is nothing that could be wrong with it."""
    assert "in memory" in (await look("cache")).skipped


async def test_a_cache_is_looked_at_without_a_trace(look: Look, valkey: Server) -> None:
    """One that throws out what is used least is fine, however full; nothing is written to it."""
    with valkey.client("open-sesame") as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert (await look("cache", REDIS_URL=at(valkey))).findings == ()
        assert client.dbsize() == 0


async def test_a_cache_that_throws_nothing_out_is_told(look: Look, valkey: Server) -> None:
    """A warning while there is room and an error once it is full, with the command that mends it; and it does."""
    with valkey.client("open-sesame") as client:
        client.config_set("maxmemory-policy", "noeviction")
        empty = only(await look("cache", REDIS_URL=at(valkey)))
        assert (empty.harm, "throws nothing out" in empty.what) == (Harm.WARNING, True)
        fill(client)
        full = only(await look("cache", REDIS_URL=at(valkey)))
        assert (full.harm, full.what.startswith("The cache is full")) == (Harm.ERROR, True)
        command = f"valkey-cli -h 127.0.0.1 -p {valkey.port} --askpass CONFIG SET maxmemory-policy allkeys-lru"
        assert full.mend == empty.mend == command
        client.execute_command(*command.partition("--askpass ")[2].split())
        assert (await look("cache", REDIS_URL=at(valkey))).findings == ()
        client.flushall()
        client.config_set("maxmemory", "8mb")


@pytest.mark.parametrize("password", ["", "wrong-sesame"])
async def test_a_refused_login_is_told(look: Look, valkey: Server, password: str) -> None:
    """In the server's words, without the password."""
    finding = only(await look("cache", REDIS_URL=at(valkey, password)))
    assert (finding.harm, "refuses the login" in finding.what) == (Harm.ERROR, True)
    assert "wrong-sesame" not in str(finding)
    assert "REDIS_URL='redis://:the-password@127.0.0.1" in finding.mend


async def test_a_cache_that_is_away_is_told(look: Look) -> None:
    """With its address."""
    port = free_port()
    finding = only(await look("cache", REDIS_URL=f"redis://127.0.0.1:{port}"))
    assert finding.harm is Harm.ERROR
    assert f"redis://127.0.0.1:{port} cannot be reached" in finding.what


async def test_a_cache_that_hangs_is_told(look: Look) -> None:
    """In time, instead of hanging, too."""
    async with running_vendor(hang) as hung:
        finding = only(await look("cache", REDIS_URL=hung.base_url.replace("http", "redis").removesuffix("/v1")))
    assert (finding.harm, "does not answer within 3 s" in finding.what) == (Harm.ERROR, True)


async def test_a_certificate_that_is_not_trusted_is_told(look: Look, tmp_path: Path) -> None:
    """It is as if the cache were away, but mended elsewhere."""
    ours = authority(tmp_path, "ours")
    certificate = signed(tmp_path, ours, "valkey")
    config = {"tls-cert-file": certificate.certificate, "tls-key-file": certificate.key}
    with tls_server(tmp_path, tls_ca_cert_file=ours.certificate, tls_auth_clients="no", **config) as running:
        finding = only(await look("cache", REDIS_URL=f"rediss://127.0.0.1:{running.port}"))
        assert "cannot be reached by TLS" in finding.what
        assert "--tls" in finding.mend
        trusting = f"rediss://127.0.0.1:{running.port}?ssl_ca_certs={ours.certificate}"
        assert [each.harm for each in (await look("cache", REDIS_URL=trusting)).findings] in ([], [Harm.WARNING])


def models(*names: str) -> Reply:
    return raw("200 OK", json.dumps({"data": [{"id": name} for name in names]}).encode())


async def test_no_provider_is_not_looked_at(look: Look) -> None:
    """Rules need none."""
    assert "rules alone" in (await look("llm")).skipped


async def test_a_provider_is_asked_for_its_models_alone(look: Look) -> None:
    """With the key, and with nothing that would cost tokens."""
    async with running_vendor(models("a-model", "models/other")) as vendor:
        outcome = await look("llm", LLM_PROVIDERS=f"groq:other@{vendor.base_url}", GROQ_API_KEY="gsk_0123456789")
    assert outcome.findings == ()
    assert vendor.asked == [{"request": "GET /v1/models HTTP/1.1"}]
    assert vendor.headers[0]["authorization"] == "Bearer gsk_0123456789"


@pytest.mark.parametrize(
    ("reply", "words", "mend"),
    [
        (status("401 Unauthorized"), "groq refuses GROQ_API_KEY (HTTP status 401)", "export GROQ_API_KEY="),
        (status("500 Internal Server Error"), "HTTP status 500", "curl -sS http://127.0.0.1"),
        (models("another"), "does not offer the model llama", 'curl -sS -H "Authorization: Bearer $GROQ_API_KEY"'),
        (hang, "does not answer within 3 s", "curl -sS http://127.0.0.1"),
    ],
)
async def test_what_a_provider_refuses_is_told(look: Look, reply: Reply, words: str, mend: str) -> None:
    """Each with its own way out, and without the key."""
    async with running_vendor(reply) as vendor:
        environ = {"LLM_PROVIDERS": f"groq:llama@{vendor.base_url}", "GROQ_API_KEY": "gsk_0123456789"}
        finding = only(await look("llm", **environ))
    assert finding.harm is Harm.ERROR
    assert words in finding.what
    assert finding.mend.startswith(mend)
    assert "gsk_0123456789" not in str(finding)


async def test_a_fallback_that_fails_is_a_warning(look: Look) -> None:
    """While the first one answers."""
    async with running_vendor(models("m")) as vendor:
        chosen = f"local:m@{vendor.base_url},ollama@http://127.0.0.1:{free_port()}/v1"
        finding = only(await look("llm", LLM_PROVIDERS=chosen))
    assert (finding.harm, "ollama" in finding.what) == (Harm.WARNING, True)
    assert "cannot be reached (Connection refused)" in finding.what


async def test_no_collector_is_not_looked_at(look: Look) -> None:
    """Traces are optional."""
    assert "traces go nowhere" in (await look("collector")).skipped


async def test_a_collector_takes_an_empty_batch(look: Look) -> None:
    """Of traces and of log lines, which leaves nothing in it."""
    with collecting() as (collector, address):
        assert (await look("collector", OTEL_EXPORTER_OTLP_ENDPOINT=address)).findings == ()
        assert (collector.requests, collector.spans, collector.logs) == (2, [], [])


async def test_a_collector_that_refuses_is_told(look: Look) -> None:
    """Both signals, each with what is lost."""
    with collecting() as (collector, address):
        for code, words in ((401, "refuses"), (503, "takes no")):
            collector.status = code
            traces, logs = (await look("collector", OTEL_EXPORTER_OTLP_ENDPOINT=address)).findings
            assert (traces.harm, logs.harm) == (Harm.ERROR, Harm.ERROR)
            assert f"{words} traces" in traces.what
            assert f"{words} logs" in logs.what


async def test_a_collector_that_is_away_is_told(look: Look) -> None:
    """With the header that is a secret left out."""
    address = f"http://127.0.0.1:{free_port()}/v1/traces"
    environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": address, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=top-secret-1"}
    finding = only(await look("collector", **environ))
    assert finding.what == f"The collector of traces at {address} cannot be reached (Connection refused)."
    assert "top-secret-1" not in str(finding)
