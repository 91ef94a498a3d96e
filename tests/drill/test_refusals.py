"""A rehearsal that cannot run says why in one sentence, with what to do, and exits 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from artisan.stack.tools import Tools

ROOT = Path(__file__).resolve().parents[2]


def _refused(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "artisan", "drill", *arguments]
    environment = {**os.environ, "COLUMNS": "200", **environment}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 2, said.stdout + said.stderr
    assert "Traceback" not in said.stderr
    return said.stdout.strip()


def test_nothing_is_rehearsed_by_accident() -> None:
    """`artisan drill` alone could mean anything."""
    assert _refused() == "Name the alerts to rehearse, or --all of them; --list shows what there is."


def test_an_unknown_alert_is_guessed() -> None:
    """The nearest name is shown."""
    assert _refused("HighErorRate").startswith("There is no alert 'HighErorRate'. Is HighErrorRate meant?")


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    """With the option that names another."""
    assert _refused("--all", "--monitoring", str(tmp_path)).endswith(
        "has no prometheus.yml; name another folder with --monitoring"
    )


def test_a_missing_prometheus_is_refused(tmp_path: Path) -> None:
    """With the command that fetches it."""
    said = _refused("--all", "--state", str(tmp_path), PATH="/nowhere")
    assert said.startswith("alertmanager, amtool, prometheus, promtool: neither on PATH nor below")
    assert f"-m artisan.stack.tools {tmp_path}` fetches what is missing" in said


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("alerts/artisan-alerts.yml", "> 0.05", ">> 0.05", "could not parse expression"),
        ("alerts/artisan-alerts.yml", "groups:", "groups: [", "is not YAML"),
        ("alertmanager.yml", "receiver: 'email'", "receiver: 'mail'", "undefined receiver"),
    ],
)
def test_a_broken_configuration_is_refused(
    tools: Tools, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    """With the file, in the words of Prometheus' and Alertmanager's own tools."""
    assert tools.complete
    copy = tmp_path / "monitoring"
    shutil.copytree(ROOT / "monitoring", copy)
    broken = copy / file
    assert old in broken.read_text()
    broken.write_text(broken.read_text().replace(old, new, 1))
    said = _refused("--all", "--monitoring", str(copy))
    assert complaint in said
    assert file.rpartition("/")[2] in said
    assert "\n" not in said
