"""`python -m artisan.generate [--check]`: writes the files that are made from code, or tells which are stale.

They are committed, so that a reader and a Grafana need nothing but the repository; `make check` keeps them true.
"""

from __future__ import annotations

import sys
from pathlib import Path

from artisan.dashboards import render_all
from artisan.kubernetes import kubernetes_files
from artisan.metric_reference import metric_reference
from artisan.slo import DeclarationError
from artisan.slo.this_service import slo_files

ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[str, str]:
    """The text of every generated file, by its path below the repository's root."""
    files = {**render_all(), **slo_files(), "docs/metrics.md": metric_reference()}
    return {**files, **kubernetes_files(ROOT, files)}


def main(arguments: list[str]) -> int:
    """Exit status 1 when `--check` finds a stale file, 2 when a file cannot be made."""
    try:
        files = generated()
    except DeclarationError as error:
        print(error, file=sys.stderr)
        return 2
    stale = [path for path, text in files.items() if _read(ROOT / path) != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is stale: run `make docs`")
        return 1 if stale else 0
    for path in stale:
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(files[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
