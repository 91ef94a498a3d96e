# ruff: noqa: T201  it prints its figures
"""What docs/scaling.md says of a replica, measured anew in 15 minutes: `python -m tests.deploy.scaling_campaign`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.deploy.scaling import Parts, Traffic, exercise, page_of, parts, run, search, told, watching

REPLICAS, SCRAPES = 50, 300
REQUESTS = 100


def main() -> None:
    """Print one figure a line."""
    with tempfile.TemporaryDirectory(prefix="scaling-") as name, parts(Path(name)) as real:
        _page_and_prometheus(real, Path(name))
        for workers in (1, 2, 4):
            _connections_and_memory(real, Path(name) / f"workers-{workers}", workers)
        _telemetry(real, Path(name))


def _page_and_prometheus(real: Parts, folder: Path) -> None:
    with real.replica(folder / "page") as service:
        print("samples at the start:", len(page_of(service).samples), flush=True)
        exercise(service, real.vendor)
        page = page_of(service)
        print(f"samples after every route, tool and error: {len(page.samples)}, of histograms: {page.histograms}")
        print(f"samples of one route: {page.having(endpoint='/api/search', method='GET')}")
        print(f"bytes of the page: {page.sizes}", flush=True)
        address = str(service.client.base_url)
        with Traffic(address), watching(folder, service, 1, "1s", bare=True) as alone:
            time.sleep(SCRAPES)  # what is measured is a time of scrapes
            blocks = alone.snapshot()
            print(f"bytes of a sample in a block: {blocks.chunks_bytes / blocks.samples:.2f} of {blocks.samples}")
            print(f"bytes of a series in a block's index: {blocks.index_bytes / blocks.series:.0f}", flush=True)
        for replicas in (1, REPLICAS):
            with Traffic(address), watching(folder, service, replicas, "5s") as store:
                time.sleep(SCRAPES / 2)
                rules = store.value("sum(prometheus_rule_group_last_duration_seconds)")
                print(
                    f"Prometheus with {replicas}: {store.resident() / 1e6:.0f} MB, "
                    f"{rules * 1000:.0f} ms for all rules once",
                    flush=True,
                )


def _connections_and_memory(real: Parts, folder: Path, workers: int) -> None:
    with real.replica(folder, workers, DATABASE_POOL_SIZE="4") as service:
        with Traffic(str(service.client.base_url)):
            time.sleep(20)
            databases = real.database.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'artisan-hub'"
            )
            with real.cache.client() as client:
                caches = client.info("clients")["connected_clients"] - 1
            samples = {sample.name: sample.value for sample in page_of(service).samples}
        memory = samples["memory_usage_bytes"] / 1e6
        print(
            f"{workers} workers: {memory:.0f} MB, {databases} of PostgreSQL's connections, {caches} of Valkey's",
            flush=True,
        )


def _telemetry(real: Parts, folder: Path) -> None:
    nothing = told(real, folder / "nothing", search, 0)
    for kind, ask in (("search", search), ("run", run)):
        life = told(real, folder / kind, ask, REQUESTS)
        each = [(after - before) / REQUESTS for after, before in zip(life, nothing, strict=True)]
        print(f"{kind}: {each[0]:.0f} B of spans, {each[1]:.0f} B of log records, {each[2]:.0f} B of lines", flush=True)


if __name__ == "__main__":
    main()
