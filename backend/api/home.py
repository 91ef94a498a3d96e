"""`GET /`: what this is, and where to look next."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from backend import __version__
from backend.core.errors import NotFound

_GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide.md"


class Links(NamedTuple):
    """Addresses, as a browser reaches them, of the parts that watch the service."""

    prometheus: str
    alertmanager: str


def home_router(links: Links) -> APIRouter:
    """The front page and the guide that it links to."""
    router = APIRouter(include_in_schema=False)
    page = _page(links)

    @router.get("/")
    async def home() -> Response:
        return HTMLResponse(page)

    @router.get("/guide")
    async def guide() -> Response:
        if not _GUIDE.is_file():
            raise NotFound("The guide is not part of this installation; it stands in docs/guide.md of the repository.")
        return Response(_GUIDE.read_bytes(), media_type="text/plain; charset=utf-8")

    return router


def _page(links: Links) -> str:
    groups = {
        "Ask": (
            ("/api/search?q=where+can+a+weaver+buy+cotton+yarn%3F", "Where can a weaver buy cotton yarn?"),
            ("/api/search?q=fairs+in+November+near+Delhi", "Fairs in November near Delhi"),
            ("/api/search?q=who+trains+potters&amp;kind=institution", "Who trains potters?"),
            ("/api/agents", "The agents that can be run"),
            ("/docs", "API reference, to try it out"),
        ),
        "Watch": (
            ("/monitoring/health", "Health, of dependencies too"),
            ("/monitoring/metrics", "Metrics, as Prometheus scrapes them"),
            ("/monitoring/info", "The machine"),
            (escape(links.prometheus), "Prometheus"),
            (f"{escape(links.prometheus)}/alerts", "Alerts"),
            (escape(f"{links.alertmanager}/api/v2/status"), "Alertmanager’s status"),
            ("/guide", "The monitoring guide"),
        ),
    }
    sections = "".join(_section(title, entries) for title, entries in groups.items())
    return _TEMPLATE.format(version=escape(__version__), sections=sections)


def _section(title: str, entries: tuple[tuple[str, str], ...]) -> str:
    items = "".join(f'<li><a href="{to}">{text}</a>' for to, text in entries)
    return f"<section><h2>{title}</h2><ul>{items}</ul></section>"


_TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Artisan Hub</title>
<style>
  :root {{ color-scheme: light dark; --ink: #2b2118; --paper: #faf6ef; --line: #e2d8c8; --link: #8a3b12; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ink: #eee6da; --paper: #1d1813; --line: #3a3128; --link: #f0a878; }}
  }}
  body {{ margin: 0 auto; max-width: 46rem; padding: 3rem 1.25rem; background: var(--paper); color: var(--ink);
         font: 1rem/1.6 system-ui, sans-serif; }}
  h1 {{ margin: 0; font-size: 2rem; letter-spacing: -.02em; }}
  h2 {{ margin: 0 0 .5rem; font-size: 1rem; text-transform: uppercase; letter-spacing: .08em; opacity: .7; }}
  form {{ display: flex; gap: .5rem; margin: 1.5rem 0 2rem; }}
  input {{ flex: 1; min-width: 0; }}
  input, button {{ font: inherit; color: inherit; padding: .6rem .8rem; border: 1px solid var(--line);
                   border-radius: .4rem; background: transparent; }}
  button {{ background: var(--link); border-color: var(--link); color: var(--paper); cursor: pointer; }}
  main {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1.5rem; }}
  section {{ border-top: 1px solid var(--line); padding-top: 1rem; }}
  ul {{ list-style: none; margin: 0; padding: 0; }}
  li {{ padding: .2rem 0; }}
  a {{ color: var(--link); }}
  footer {{ margin-top: 2.5rem; font-size: .85rem; opacity: .7; }}
</style>
<h1>Artisan Hub</h1>
<p>Suppliers, fairs and institutions for India’s craftspeople: a catalogue with its sources, searched by words and by
meaning, and an agent that looks things up. This is its API; every request that you make is measured.</p>
<form action="/api/search"><input name="q" maxlength="500" required aria-label="Question"
  placeholder="raw silk for a weaver in Karnataka"><button>Search</button></form>
<main>{sections}</main>
<footer>Version {version}</footer>
</html>
"""
