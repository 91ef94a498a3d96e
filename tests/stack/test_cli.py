"""The command line of `artisan up`."""

from __future__ import annotations

import os
from pathlib import Path

from typer.testing import CliRunner

from artisan.cli import app
from artisan.stack.lock import Lock
from artisan.stack.tools import Tools


def test_a_second_up_is_told_that_one_is_running(tmp_path: Path) -> None:
    """In one sentence, with exit status 1, before anything is started or fetched."""
    with Lock(tmp_path / "lock"):
        outcome = CliRunner().invoke(app, ["up", "--state", str(tmp_path)])
    assert outcome.exit_code == 1
    assert outcome.output == f"This stack already runs, with pid {os.getpid()}; stop it first: kill {os.getpid()}\n"


def test_a_state_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    """In one sentence with the way out, and exit status 1."""
    (tmp_path / "file").write_text("")
    outcome = CliRunner().invoke(app, ["up", "--state", str(tmp_path / "file" / "state")])
    assert outcome.exit_code == 1
    assert outcome.output.endswith("Not a directory; choose another folder with --state or ARTISAN_STATE\n")


def test_a_setting_that_cannot_be_is_told(tools: Tools, tmp_path: Path) -> None:
    """In one sentence, with exit status 1, before anything is started."""
    if tools.tree.is_dir():
        (tmp_path / "tools").symlink_to(tools.tree)
    outcome = CliRunner(env={"ALERT_WEBHOOK_URL": "hooks.example.org"}).invoke(app, ["up", "--state", str(tmp_path)])
    assert outcome.exit_code == 1
    assert outcome.output.startswith("ALERT_WEBHOOK_URL: must be a whole address")
    assert outcome.output.count("\n") == 1


def test_two_parts_on_one_port_are_a_usage_error(tmp_path: Path) -> None:
    """Exit status 2, as for any option that cannot be."""
    outcome = CliRunner().invoke(app, ["up", "--llm-port", "8000", "--state", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "2 parts cannot share port 8000" in outcome.output


def test_ports_can_be_given_by_the_environment(tmp_path: Path) -> None:
    """So that `ARTISAN_BACKEND_PORT=8081 make up` needs no options."""
    outcome = CliRunner(env={"ARTISAN_BACKEND_PORT": "8081"}).invoke(app, ["up", "--state", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "2 parts cannot share port 8081" in outcome.output
