"""docker-compose.yml is sound, keeps its promises, and runs the same configuration as `make up`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.stack.prometheus import STORAGE
from backend.core.config import Settings
from backend.core.monitoring.tracing.export import FLUSH_SECONDS
from backend.serving import STOP_SECONDS
from tests.deploy.composed import ROOT, composed, services

DEFAULT = services()
TRACING = services("--profile", "traces")
PINNED = re.compile(r"[a-z0-9./_-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*")
LOOPBACK = "127.0.0.1"
# Built here: the tag says nothing, the images that they are made of do.
LOCAL = {"artisan-hub:local"}

each = pytest.mark.parametrize(("name", "service"), list(TRACING.items()), ids=list(TRACING))


def test_the_parts_are_those_of_the_guide_and_their_exporters() -> None:
    """What `docker-compose up -d` starts, and what the profile `traces` adds."""
    parts = {"backend", "postgres", "valkey", "prometheus", "alertmanager", "grafana"}
    assert set(DEFAULT) == parts | {"postgres-exporter", "redis-exporter"}
    assert set(TRACING) == set(DEFAULT) | {"otel-collector", "tempo", "loki"}


def test_the_addresses_are_those_of_the_guide() -> None:
    """The API is open, everything else listens on loopback alone; what only other services ask listens nowhere."""
    published = {
        (name, port.get("host_ip", ""), port["published"])
        for name, service in TRACING.items()
        for port in service.get("ports", [])
    }
    assert published == {
        ("backend", "", "8000"),
        ("valkey", LOOPBACK, "6379"),
        ("prometheus", LOOPBACK, "9090"),
        ("alertmanager", LOOPBACK, "9093"),
        ("grafana", LOOPBACK, "3001"),
        ("otel-collector", LOOPBACK, "4317"),
        ("otel-collector", LOOPBACK, "4318"),
    }


@each
def test_every_container_has_a_name_of_ours(name: str, service: dict[str, Any]) -> None:
    """`docker logs artisan-backend` is in the guide; the others follow."""
    assert service["container_name"] == f"artisan-{name}"


@each
def test_every_image_is_pinned(name: str, service: dict[str, Any]) -> None:
    """To a version with all its parts: an image must not change by itself."""
    image = service["image"]
    assert image in LOCAL or PINNED.fullmatch(image) or re.search(r":\d+\.\d+\.\d+-pg\d+$", image)
    inside = service.get("build", {}).get("args", {}).get("IMAGE")
    if inside:
        assert PINNED.fullmatch(inside)
        assert image.rpartition(":")[2] == inside.rpartition(":")[2], f"{name} is not what it is called"
        for made_of in re.findall(r"(?m)^FROM (\S+)", service["build"]["dockerfile_inline"]):
            assert PINNED.fullmatch(made_of) or made_of == "$${IMAGE}"


def test_the_dockerfile_starts_from_pinned_images() -> None:
    """The same one for both stages, so that what is built in one runs in the other."""
    images = set(re.findall(r"(?m)^FROM (\S+)", (ROOT / "Dockerfile").read_text()))
    assert len(images) == 1
    assert PINNED.fullmatch(images.pop())


@each
def test_every_service_has_a_memory_limit(name: str, service: dict[str, Any]) -> None:
    """One part that grows must not take the others down."""
    assert int(service["mem_limit"]) > 0


def test_the_memory_alarm_rings_before_the_kernel_does() -> None:
    """The backend's limit is at least half as much again as the 4 GiB of HighMemoryUsage."""
    assert int(DEFAULT["backend"]["mem_limit"]) >= 1.5 * 4 * 1024**3


def test_valkey_throws_out_before_its_container_is_full() -> None:
    """Its own bound lies below that of the container, with room for what it needs besides."""
    command = DEFAULT["valkey"]["command"]
    own = int(command[command.index("--maxmemory") + 1].removesuffix("mb")) * 1024**2
    assert own <= 0.8 * int(DEFAULT["valkey"]["mem_limit"])


def test_every_service_tells_whether_it_is_healthy() -> None:
    """The backend by its image, the others by the compose file."""
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    assert {name for name, service in TRACING.items() if "healthcheck" not in service} == {"backend"}


@each
def test_a_health_check_asks_a_port_that_the_service_listens_on(name: str, service: dict[str, Any]) -> None:
    """Or its own program; never by a shell, which some of the images have not."""
    test = service.get("healthcheck", {"test": ["CMD"]})["test"]
    assert test[0] == "CMD"
    if "wget" not in test:
        return
    port = int(test[-1].removeprefix("http://127.0.0.1:").partition("/")[0])
    known = {"prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "otel-collector": 13133, "tempo": 3200}
    assert port == {**known, "postgres-exporter": 9187, "redis-exporter": 9121}[name]


def test_the_backend_waits_for_its_database_and_not_for_its_cache() -> None:
    """Without the one it cannot start, without the other it serves."""
    assert DEFAULT["backend"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert DEFAULT["backend"]["depends_on"]["valkey"]["condition"] == "service_started"


def test_the_backend_writes_nowhere_but_below_tmp() -> None:
    """Its root cannot be written to, it has no volume, and no rights that it could give up."""
    backend = DEFAULT["backend"]
    assert backend["read_only"] is True
    assert backend["tmpfs"] == ["/tmp"]
    assert "volumes" not in backend
    assert backend["cap_drop"] == ["ALL"]
    assert backend["security_opt"] == ["no-new-privileges:true"]


def test_the_backend_may_finish_what_it_has_begun() -> None:
    """Docker waits until the longest run has ended and its spans are sent; its own ten seconds would cut it off."""
    grace = DEFAULT["backend"]["stop_grace_period"]
    minutes, seconds = re.fullmatch(r"(\d+)m(\d+)s", grace).groups()  # type: ignore[union-attr]
    drain = float(DEFAULT["backend"]["environment"]["DRAIN_SECONDS"])
    assert int(minutes) * 60 + int(seconds) >= drain + STOP_SECONDS + 2 * FLUSH_SECONDS


@pytest.mark.parametrize("env", [{}, {"POSTGRES_PASSWORD": "another"}])
def test_all_who_use_the_database_have_its_password(env: dict[str, str]) -> None:
    """From the environment, else the one that is good enough where nobody can reach it."""
    found, password = services(**env), env.get("POSTGRES_PASSWORD", "artisan")
    address = found["backend"]["environment"]["DATABASE_URL"]
    assert address == f"postgresql+asyncpg://artisan:{password}@postgres/artisan"
    assert found["postgres"]["environment"]["POSTGRES_PASSWORD"] == password
    assert found["postgres-exporter"]["environment"]["DATA_SOURCE_PASS"] == password


def test_the_backend_takes_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its settings is a good one; another password does not make it bad."""
    environment = services(POSTGRES_PASSWORD="An-other_1")["backend"]["environment"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load(env_file=None)
    assert settings.database_url == environment["DATABASE_URL"]
    assert settings.environment == "production"
    assert settings.port == DEFAULT["backend"]["ports"][0]["target"]


def test_grafana_lets_admin_in() -> None:
    """As the guide says, unless the environment gives a better password."""
    assert DEFAULT["grafana"]["environment"]["GF_SECURITY_ADMIN_USER"] == "admin"
    assert DEFAULT["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "admin"
    better = services(GRAFANA_ADMIN_PASSWORD="better")["grafana"]["environment"]
    assert better["GF_SECURITY_ADMIN_PASSWORD"] == "better"


def test_one_word_switches_traces_on() -> None:
    """`COMPOSE_PROFILES=traces` starts the Collector and tells the backend of it; without it, nobody traces."""
    found = services(COMPOSE_PROFILES="traces")
    assert set(found) == set(TRACING)
    assert found["backend"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel-collector:4318"
    assert DEFAULT["backend"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == ""


def test_traces_can_go_elsewhere() -> None:
    """An endpoint of one's own wins, with or without the profile."""
    elsewhere = "https://otlp.example.org"
    for env in ({}, {"COMPOSE_PROFILES": "traces"}):
        found = services(OTEL_EXPORTER_OTLP_ENDPOINT=elsewhere, **env)["backend"]["environment"]
        assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == elsewhere


def test_every_mounted_file_is_in_the_repository_and_below_monitoring() -> None:
    """The very files that `make up` uses, read-only."""
    binds = [v for service in TRACING.values() for v in service.get("volumes", []) if v["type"] == "bind"]
    assert len(binds) == 13
    for bind in binds:
        assert Path(bind["source"]).exists()
        assert Path(bind["source"]).is_relative_to(ROOT / "monitoring")
        assert bind["read_only"]


def test_what_must_not_be_lost_is_in_a_named_volume() -> None:
    """Each belongs to one service, and each that is declared is used."""
    owners = {
        volume["source"]: name
        for name, service in TRACING.items()
        for volume in service.get("volumes", [])
        if volume["type"] == "volume"
    }
    keepers = ("postgres", "prometheus", "alertmanager", "grafana", "tempo", "loki")
    assert owners == {f"{name}-data": name for name in keepers}
    assert set(composed("--profile", "traces")["volumes"]) == set(owners)


def test_alertmanager_finds_its_password_from_where_it_runs() -> None:
    """It reads a relative path from its working directory, not from where its configuration lies."""
    alertmanager = DEFAULT["alertmanager"]
    targets = {volume["target"] for volume in alertmanager["volumes"]}
    assert f"{alertmanager['working_dir']}/secrets" in targets
    assert f"{alertmanager['working_dir']}/alertmanager.yml" in targets


def test_alertmanager_finds_its_templates() -> None:
    """Next to its configuration."""
    targets = {volume["target"] for volume in DEFAULT["alertmanager"]["volumes"]}
    assert {"/etc/alertmanager/alertmanager.yml", "/etc/alertmanager/templates"} <= targets


def test_prometheus_keeps_what_make_up_keeps() -> None:
    """As long, and within the same size."""
    assert set(STORAGE) <= set(DEFAULT["prometheus"]["command"])


def test_prometheus_keeps_exemplars_and_takes_what_the_collector_hands_over() -> None:
    """Both are off in Prometheus by default."""
    wanted = {"--enable-feature=exemplar-storage", "--web.enable-remote-write-receiver"}
    assert wanted <= set(DEFAULT["prometheus"]["command"])


def test_grafana_opens_on_the_overview() -> None:
    """Which is mounted where its setting looks."""
    grafana = DEFAULT["grafana"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    (mount,) = [v for v in grafana["volumes"] if v["target"] == str(home.parent)]
    assert (Path(mount["source"]) / home.name).is_file()


def test_prometheus_looks_for_hosts_that_are_services() -> None:
    """Each target that is mounted is a service of this file that is always started."""
    (mount,) = [v for v in DEFAULT["prometheus"]["volumes"] if v["target"] == "/etc/prometheus/targets"]
    files = sorted(Path(mount["source"]).glob("*.yml"))
    targets = {
        path.stem: target for path in files for group in yaml.safe_load(path.read_text()) for target in group["targets"]
    }
    assert targets == {
        "alertmanager": "alertmanager:9093",
        "backend": "backend:8000",
        "postgres": "postgres-exporter:9187",
        "redis": "redis-exporter:9121",
    }
    assert {target.partition(":")[0] for target in targets.values()} <= set(DEFAULT)


def test_every_scrape_job_has_targets_here() -> None:
    """But for Prometheus' own, which it knows itself."""
    config = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    asked = {file for job in config["scrape_configs"] for sd in job.get("file_sd_configs", []) for file in sd["files"]}
    assert asked == {f"targets/{path.name}" for path in (ROOT / "monitoring/targets/compose").iterdir()}


@pytest.mark.parametrize(("source", "service", "port"), [("tempo", "tempo", 3200), ("loki", "loki", 3100)])
def test_grafana_asks_tempo_and_loki_where_they_listen(source: str, service: str, port: int) -> None:
    """At the port that their configuration names, under the name that the compose file gives them."""
    (found,) = yaml.safe_load((ROOT / f"monitoring/grafana/provisioning/datasources/{source}.yml").read_text())[
        "datasources"
    ]
    own = yaml.safe_load((ROOT / f"monitoring/{service}.yml").read_text())
    assert own["server"]["http_listen_port"] == port
    assert found["url"] == f"http://{service}:{port}"
    assert found["uid"] == source


@pytest.mark.parametrize(("service", "data"), [("tempo", "/var/tempo"), ("loki", "/loki")])
def test_tempo_and_loki_write_into_their_volume(service: str, data: str) -> None:
    """Whatever path their configuration names."""
    paths = set(re.findall(r"(?<=[ :])/[a-z][a-z/]+", (ROOT / f"monitoring/{service}.yml").read_text()))
    (volume,) = [v for v in TRACING[service]["volumes"] if v["type"] == "volume"]
    assert volume["target"] == data
    assert paths
    assert all(path.startswith(data) for path in paths)


def test_traces_logs_and_numbers_lead_to_each_other() -> None:
    """An exemplar to its trace, a trace to its log lines and its numbers, a log line to its trace."""
    sources = {
        source["uid"]: source["jsonData"]
        for path in (ROOT / "monitoring/grafana/provisioning/datasources").glob("*.yml")
        for source in yaml.safe_load(path.read_text())["datasources"]
    }
    assert sources["prometheus"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": "tempo"}]
    assert sources["tempo"]["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert sources["tempo"]["tracesToMetrics"]["datasourceUid"] == "prometheus"
    (derived,) = sources["loki"]["derivedFields"]
    assert (derived["matcherType"], derived["matcherRegex"], derived["datasourceUid"]) == ("label", "trace_id", "tempo")


def test_grafana_takes_no_variable_of_its_own_for_the_environment() -> None:
    """It replaces $NAME and ${NAME} in these files, so that a $ for itself has to be doubled."""
    for path in (ROOT / "monitoring/grafana/provisioning/datasources").glob("*.yml"):
        settings = yaml.safe_dump(yaml.safe_load(path.read_text()))
        assert "$" not in settings.replace("$$", ""), path.name
