"""`artisan slo`: make Prometheus' rules from declared objectives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artisan.slo import DeclarationError, read, render
from artisan.slo.this_service import FILE, edges


def slo(
    file: Annotated[Path, typer.Argument(help="What is promised.")] = Path("monitoring/slo.yml"),
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a rule file is stale.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder with rules/ and alerts/ in it.", show_default="that of FILE")
    ] = None,
) -> None:
    """Make recording rules and burn-rate alerts from declared objectives."""
    try:
        files = _files(file, out or file.parent)
        stale = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
        for path in stale:
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(files[path], "utf-8")
            typer.echo(f"{path} is stale: run `artisan slo`" if check else f"wrote {path}")
    except (DeclarationError, OSError) as error:
        typer.echo(_sentence(error), err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(1 if check and stale else 0)


def _files(file: Path, out: Path) -> dict[Path, str]:
    """The text of each rule file; the thresholds of another project are its own lint's business."""
    known = edges() if file.resolve() == FILE else None
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise DeclarationError(f"{file}: this is no text in UTF-8; it must be a YAML file") from None
    source = f"{file.resolve().parent.name}/{file.name}"
    return {out / path: made for path, made in render(read(text, str(file), known), source).items()}


def _sentence(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: there is no such file; name the one that declares your objectives"
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
