"""`artisan slo`."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from artisan import generate
from artisan.cli.slo import slo
from artisan.slo.this_service import FILE

from .test_reading import GOOD
from .traffic import ROOT

app = typer.Typer()
app.command()(slo)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """The declaration of another project."""
    file = tmp_path / "watching" / "slo.yml"
    file.parent.mkdir()
    file.write_text(GOOD)
    return file


def test_it_writes_both_files_beside_the_declaration_and_names_them(declared: Path) -> None:
    """Their first line tells where to edit."""
    told = run(declared)
    assert told.exit_code == 0
    for name in ("rules/artisan-slo.yml", "alerts/artisan-slo-alerts.yml"):
        made = declared.parent / name
        assert f"wrote {made}" in told.output
        assert made.read_text().startswith("# Made by `artisan slo`; edit watching/slo.yml.")


def test_a_second_run_writes_nothing(declared: Path) -> None:
    """What is right already is left alone."""
    run(declared)
    assert run(declared).output == ""


def test_they_can_go_elsewhere(declared: Path, tmp_path: Path) -> None:
    """Below the folder that --out names, which is made."""
    assert run(declared, "--out", tmp_path / "made").exit_code == 0
    assert (tmp_path / "made/rules/artisan-slo.yml").is_file()
    assert not (declared.parent / "rules").exists()


def test_check_tells_what_is_stale_and_writes_nothing(declared: Path) -> None:
    """Exit status 1 when something is, 0 when nothing is."""
    told = run(declared, "--check")
    assert told.exit_code == 1
    assert "rules/artisan-slo.yml is stale: run `artisan slo`" in told.output
    assert not (declared.parent / "rules").exists()
    run(declared)
    assert run(declared, "--check").exit_code == 0
    declared.write_text(GOOD.replace("99.95", "99.9"))
    assert run(declared, "--check").exit_code == 1


def test_a_mistake_is_one_sentence_and_status_2(declared: Path) -> None:
    """And nothing is written."""
    declared.write_text(GOOD.replace("99.95", "101"))
    told = run(declared)
    assert told.exit_code == 2
    assert told.stderr.splitlines() == [
        f"{declared}:6: slos[0].objective is 101; it must be a number of per cent above 83.33 and below 100"
    ]
    assert not (declared.parent / "rules").exists()


def test_a_file_that_cannot_be_read_or_written_is_one_sentence(declared: Path, tmp_path: Path) -> None:
    """Missing, no text, and a place that is taken by something else."""
    missing, binary = tmp_path / "none.yml", tmp_path / "binary.yml"
    binary.write_bytes(b"\xff\xfe")
    for words, sentence in (
        ([missing], f"{missing}: there is no such file; name the one that declares your objectives"),
        ([binary], f"{binary}: this is no text in UTF-8; it must be a YAML file"),
        ([tmp_path], f"{tmp_path}: Is a directory"),
        ([declared, "--out", binary], f"{binary / 'rules'}: Not a directory"),
    ):
        told = run(*words)
        assert (told.exit_code, told.stderr.splitlines()) == (2, [sentence])


def test_the_committed_files_are_up_to_date() -> None:
    """From wherever it is called."""
    assert run(FILE, "--check").exit_code == 0


def test_make_check_fails_when_they_are_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They belong to the generated files, which are compared with those of a repository: here one that lacks them."""
    made = {path: text for path, text in generate.generated().items() if "slo" in path and path.endswith(".yml")}
    assert set(made) == {"monitoring/rules/artisan-slo.yml", "monitoring/alerts/artisan-slo-alerts.yml"}
    monkeypatch.setattr(generate, "generated", lambda: made)
    assert generate.main(["--check"]) == 0
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main(["--check"]) == 1
    assert generate.ROOT != ROOT
