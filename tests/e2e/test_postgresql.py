"""The service on a real PostgreSQL: the same answers, and an outage that is told and outlived."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.e2e.processes import eventually
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, answers, served
from tests.postgres import Postgres, postgres

LIMITS = {"DATABASE_POOL_SIZE": "3", "DATABASE_STATEMENT_TIMEOUT_SECONDS": "2"}


def search(client: httpx.Client, query: str) -> httpx.Response:
    """A search that no cache has the answer to, as long as its text is new."""
    return client.get("/api/search", params={"q": query})


def health(service: Service) -> tuple[int, str, str]:
    """The answer of the readiness probe, the service's state and its database's."""
    whole = service.client.get("/monitoring/health").json()
    ready = service.client.get("/monitoring/health/ready").status_code
    return ready, whole["status"], whole["checks"]["database"]["status"]


def test_two_replicas_share_a_database_and_an_agent_answers_from_it(postgres_server: Postgres, tmp_path: Path) -> None:
    """Started at once on an empty database, with two workers each, both answer alike; one of four has seeded."""
    url, folders = postgres_server.fresh_database(), (tmp_path / "one", tmp_path / "two")
    for folder in folders:
        folder.mkdir()
    common = {"DATABASE_URL": url, "WORKERS": "2", **LIMITS}
    with served(AS_THE_GUIDE_SAYS, folders[0], **common) as one, served(AS_THE_GUIDE_SAYS, folders[1], **common) as two:
        found = [search(service.client, "cotton yarn near Delhi").json()["results"] for service in (one, two)]
        assert found[0] == found[1] != []
        run = two.client.post("/api/agents/supply_hunter/runs", json={"query": "Where can I buy raw silk?"})
        assert run.status_code == 200
        assert len(one.lines("catalogue_seeded")) + len(two.lines("catalogue_seeded")) == 1
        page = one.client.get("/monitoring/metrics").text
        assert "db_pool_connections_max 6" in page  # three of each worker
        assert 'db_queries_total{operation="select",table="record_vectors"}' in page


def test_an_outage_of_the_database_is_told_and_outlived(tmp_path: Path) -> None:
    """Searches are refused with 503 and the service is not ready; once the server is back, all is well again."""
    data = tmp_path / "postgres"
    data.mkdir()
    with postgres(data) as server:
        url = server.url()
        with served(AS_THE_GUIDE_SAYS, tmp_path, DATABASE_URL=url, WORKERS="2", **LIMITS) as service:
            assert search(service.client, "silk").status_code == 200
            server.stop()
            refused = search(service.client, "brass")
            assert (refused.status_code, refused.json()["title"]) == (503, "Database unavailable")
            assert refused.json()["request_id"] == refused.headers["X-Request-ID"]
            eventually(lambda: health(service) == (503, "unhealthy", "unhealthy"), 60, service.log)
            assert answers(service.client, "/monitoring/health/live")
            with postgres(data, port=server.port):
                eventually(lambda: health(service) == (200, "healthy", "healthy"), 60, service.log)
                assert search(service.client, "clay").status_code == 200
                service.stop()
    assert server.password not in service.log.read_text()
