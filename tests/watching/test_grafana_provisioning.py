"""Grafana starts with the data source, the folder and the dashboards, and opens on the overview."""

from __future__ import annotations

from typing import Any

import yaml

from .boards import BOARDS
from .conftest import ROOT

PROVISIONING = ROOT / "monitoring/grafana/provisioning"


def grafana() -> dict[str, Any]:
    """The service of docker-compose.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    return found


def provider() -> dict[str, Any]:
    """Where Grafana is told to look for dashboards."""
    (found,) = yaml.safe_load((PROVISIONING / "dashboards/artisan.yml").read_text())["providers"]
    assert isinstance(found, dict)
    return found


def source() -> dict[str, Any]:
    """The one data source."""
    (found,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    assert isinstance(found, dict)
    return found


def mounts() -> dict[str, str]:
    """Folders of the repository by where the container sees them."""
    return {inside: outside for outside, inside, *_ in (volume.split(":") for volume in grafana()["volumes"])}


def test_the_files_are_mounted_where_grafana_looks() -> None:
    """Its own folder of provisioning, and the folder of dashboards that this names."""
    assert mounts()["/etc/grafana/provisioning"] == "./monitoring/grafana/provisioning"
    assert mounts()[provider()["options"]["path"]] == "./monitoring/grafana/dashboards"


def test_grafana_opens_on_the_overview() -> None:
    """Whoever comes sees first whether all is well."""
    folder, _, file = grafana()["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].rpartition("/")
    assert folder == provider()["options"]["path"]
    assert file == "artisan-overview.json"


def test_the_dashboards_lie_in_a_folder_of_their_own_and_stay_as_they_are_in_git() -> None:
    """What is changed on the page would be gone with the container."""
    assert provider()["folder"] == "Artisan Hub"
    assert provider()["allowUiUpdates"] is False
    assert all(board["editable"] is False for board in BOARDS.values())


def test_prometheus_is_the_default_source_under_a_uid_that_does_not_change() -> None:
    """Exemplars, links and saved addresses name it by that."""
    assert source()["uid"] == source()["type"] == "prometheus"
    assert source()["isDefault"] is True
    assert source()["url"] == "http://prometheus:9090"


def test_an_exemplar_leads_to_its_trace() -> None:
    """In the source that the links of the dashboards use; where Grafana has none, it shows no link."""
    assert source()["jsonData"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": "tempo"}]
    assert all(
        "tempo" in link["url"] for board in BOARDS.values() for link in board["links"] if link["title"] == "Traces"
    )
