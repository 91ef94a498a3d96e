"""Where Prometheus and Alertmanager are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from artisan.stack import debian, tools


def _program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_what_is_installed_goes_before_what_was_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own choice of a version counts."""
    installed = _program(tmp_path / "bin", "prometheus")
    _program(tmp_path / "tools/usr/bin", "prometheus")
    fetched = _program(tmp_path / "tools/usr/bin", "promtool")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = tools.find(tmp_path)
    assert found.programs == {"prometheus": installed, "promtool": fetched}
    assert not found.unpacked("prometheus")
    assert found.unpacked("promtool")
    assert not found.complete


@pytest.mark.parametrize("spelling", ["alertmanager", "prometheus-alertmanager"])
def test_alertmanager_is_known_by_both_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """Debian's and everybody else's."""
    program = _program(tmp_path / "bin", spelling)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert tools.find(tmp_path).programs == {"alertmanager": program}


@pytest.mark.parametrize(
    ("platform", "way_out"), [("darwin", "brew install prometheus alertmanager"), ("linux", "so that they are on PATH")]
)
async def test_without_apt_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, way_out: str
) -> None:
    """On macOS with the formulas."""
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.FetchFailed, match=way_out):
        await tools.fetch(tmp_path)


async def test_apt_that_fails_is_quoted_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own first complaint, then the way out; no half of a tree, no package lists."""
    for name in ("apt-get", "apt-cache", "dpkg"):
        _program(tmp_path / "bin", name).write_text("#!/bin/sh\necho 'E: Unable to fetch'\nexit 100\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    state = tmp_path / "state"
    state.mkdir()
    with pytest.raises(debian.FetchFailed, match="apt-get says: E: Unable to fetch; get online and start again, or"):
        await tools.fetch(state)
    assert list(state.iterdir()) == []
