"""Where Prometheus, Alertmanager and their checking tools are: on PATH, else unpacked into the state directory.

`python -m artisan.stack.tools STATE` fetches what is missing and starts nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from artisan.stack import debian
from artisan.stack.debian import FetchFailed

# Debian calls Alertmanager by a longer name.
_NAMES = {
    "prometheus": ("prometheus",),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
    "promtool": ("promtool",),
    "amtool": ("amtool",),
}


@dataclass(frozen=True)
class Tools:
    """Programs by name, those that were found. `tree` is the unpacked folder that some of them may be in."""

    programs: dict[str, Path]
    tree: Path

    @property
    def complete(self) -> bool:
        """True when none is missing."""
        return len(self.programs) == len(_NAMES)

    def unpacked(self, name: str) -> bool:
        """True for a program that is not installed, and so misses the files that its package puts elsewhere."""
        return self.programs[name].is_relative_to(self.tree)


def find(state: Path) -> Tools:
    """What is there now, without fetching anything."""
    tree = state / "tools"
    programs: dict[str, Path] = {}
    for name, spellings in _NAMES.items():
        for path in (None, str(tree / "usr" / "bin")):
            found = next(filter(None, (shutil.which(spelling, path=path) for spelling in spellings)), None)
            if found:
                programs[name] = Path(found)
                break
    return Tools(programs, tree)


async def fetch(state: Path) -> None:
    """Get all of them for `find`, into a state directory that exists.

    Raises FetchFailed with one sentence that names the way out.
    """
    if not debian.available():
        raise FetchFailed(_by_hand())
    try:
        await debian.fetch(state / "tools")
    except FetchFailed as error:
        raise FetchFailed(f"{error}; get online and start again, or {_by_hand()}") from error


def _by_hand() -> str:
    if sys.platform == "darwin":
        return "run `brew install prometheus alertmanager`"
    return "install Prometheus and Alertmanager, with `promtool` and `amtool`, so that they are on PATH"


def main() -> None:
    """The command line."""
    state = Path(sys.argv[1])
    if find(state).complete:
        return
    state.mkdir(parents=True, exist_ok=True)
    print("Fetching Prometheus and Alertmanager ...")
    try:
        asyncio.run(fetch(state))
    except FetchFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
