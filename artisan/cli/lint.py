"""`artisan lint`: check rules, dashboards, objectives and documents against the metrics that they ask for."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from artisan.lint import FORMATS, Order, Unreadable, read_page, seconds
from artisan.lint import lint as check
from artisan.stack.foreground import ROOT
from artisan.stack.tools import find

CONFIG = Path("monitoring/lint.yml")
_LINTED = (
    *("monitoring/alerts/*.yml", "monitoring/rules/*.yml", "monitoring/slo.yml"),
    *("monitoring/grafana/dashboards/*.json", "docs/*.md", "README.md"),
)
_COULD_NOT_RUN = 2


class Format(enum.StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def lint(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Rules, dashboards, objectives, documents.", show_default="this project's"),
    ] = None,
    *,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL|FILE",
            help="A page that holds every metric; may be given again.",
            show_default="this project's",
        ),
    ] = None,
    no_metrics: Annotated[bool, typer.Option("--no-metrics", help="Check only what needs no list of metrics.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Settings and waivers, see docs/lint.md.", show_default=str(CONFIG))
    ] = None,
    scrape_interval: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Instead of that of prometheus.yml.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How findings are shown.")] = Format.TEXT,
) -> None:
    """Check rules, dashboards, objectives and documents against the metrics that they ask for.

    Exits with 0 (clean, or warnings only), 1 (errors) or 2 (could not run).
    """
    try:
        interval = None if scrape_interval is None else _seconds(scrape_interval)
        if metrics or no_metrics:
            order = _any_project(files or [], metrics or [], config, interval, described=not no_metrics)
        else:
            order = _this_project(files or [], config or CONFIG, interval)
        report = check(order)
    except Unreadable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_COULD_NOT_RUN) from None
    typer.echo(FORMATS[format](report))
    raise typer.Exit(report.exit_code)


def _seconds(duration: str) -> float:
    try:
        return seconds(duration)
    except ValueError:
        raise typer.BadParameter(
            f"{duration!r} is no duration such as 15s or 1m", param_hint="--scrape-interval"
        ) from None


def _any_project(
    files: Sequence[Path], pages: Sequence[str], config: Path | None, interval: float | None, *, described: bool
) -> Order:
    """The files that were named, in the current folder, against the pages that were named."""
    if not files:
        raise Unreadable("There is nothing to check: name files of rules, dashboards or documents")
    found = [metric for page in pages for metric in read_page(page)]
    return Order(
        Path(), files, metrics=found if described else None, config=config, interval=interval, promtool=_promtool()
    )


def _this_project(files: Sequence[Path], config: Path, interval: float | None) -> Order:
    """This project against its own catalogue; of `files` alone, if any are named, but knowing the rest."""
    everything = [path.relative_to(ROOT) for pattern in _LINTED for path in sorted(ROOT.glob(pattern))]
    named = [_inside(path) for path in files]
    # The application takes seconds to import, and other projects have none.
    from artisan.described import ceilings, metrics  # noqa: PLC0415

    described = metrics()
    return Order(
        ROOT,
        named or everything,
        context=everything if named else (),
        metrics=described,
        catalogue=() if named else described,
        config=config,
        ceilings=ceilings(),
        interval=interval,
        promtool=_promtool(),
    )


def _inside(path: Path) -> Path:
    try:
        return path.resolve().relative_to(ROOT)
    except ValueError:
        raise Unreadable(
            f"{path} is not of this project: say where its metrics are with --metrics URL|FILE, or give --no-metrics"
        ) from None


def _promtool() -> Path | None:
    return find(ROOT / ".artisan").programs.get("promtool")
