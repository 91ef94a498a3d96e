"""The HTML of the mailbox. Every value from a mail is escaped here, except the mail's own HTML in `framed`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from string import Template
from urllib.parse import quote

from artisan.stack.mailbox.mails import Mail
from artisan.stack.mailbox.reading import Content, Heading

_REFRESH = '<meta http-equiv="refresh" content="5">'
# How subjects begin (monitoring/templates), and the colour that each gets in the list; the first that fits counts.
_MARKS = {"[FIRING warning": "warning", "[FIRING": "firing", "[RESOLVED": "resolved"}


def mailbox(rows: Sequence[tuple[Mail, Heading]]) -> str:
    """The list, newest first; it loads itself again."""
    if not rows:
        return _page("Mailbox", _EMPTY, _REFRESH)
    items = "".join(_row(mail, heading) for mail, heading in rows)
    count = f"{len(rows)} mail{'s' if len(rows) > 1 else ''}"
    return _page("Mailbox", f'<p class="quiet">{count}, newest first</p><ol>{items}</ol>', _REFRESH)


def mail(mail: Mail, content: Content) -> str:
    """One mail: its HTML in a frame, its text, its headers."""
    heading = content.heading
    address = f"/messages/{quote(mail.id, safe='')}"
    frame = "" if content.html is None else _FRAME.substitute(address=address)
    body = _MAIL.substitute(
        subject=_subject(heading),
        sender=escape(heading.sender),
        to=escape(heading.to),
        received=_time(mail),
        address=address,
        frame=frame,
        text=_details("Plain text", content.text, open_=content.html is None),
        headers=_details("Headers", "\n".join(f"{name}: {value}" for name, value in content.headers)),
    )
    return _page(heading.subject or "No subject", body)


def framed(html: str) -> str:
    """A mail's own HTML, whose links open beside the mailbox and not inside the frame."""
    return f'<!doctype html><base target="_blank">{html}'


def not_found() -> str:
    """For an address that leads nowhere, such as that of a mail that was too old to keep."""
    return _page("No such mail", _NOT_FOUND)


def _row(mail: Mail, heading: Heading) -> str:
    mark = next((mark for start, mark in _MARKS.items() if heading.subject.startswith(start)), "")
    return _ROW.substitute(
        mark=mark,
        address=f"/messages/{quote(mail.id, safe='')}",
        subject=_subject(heading),
        to=escape(heading.to),
        time=_time(mail),
    )


def _subject(heading: Heading) -> str:
    return escape(heading.subject) or "<em>No subject</em>"


def _time(mail: Mail) -> str:
    exact = mail.received.isoformat(timespec="milliseconds")
    return f'<time datetime="{exact}" title="{exact}">{mail.received:%Y-%m-%d %H:%M:%S}</time>'


def _details(title: str, text: str | None, *, open_: bool = False) -> str:
    if text is None:
        return ""
    return f"<details{' open' if open_ else ''}><summary>{title}</summary><pre>{escape(text)}</pre></details>"


def _page(title: str, body: str, head: str = "") -> str:
    return _PAGE.substitute(title=escape(title), body=body, head=head)


_EMPTY = """<p>No mail yet. What Alertmanager sends when an alert fires, and when it is over, arrives here
and goes nowhere else.</p>"""

_NOT_FOUND = """<p>There is no such mail. It may have been too old to keep.</p>
<p><a href="/">← All mails</a></p>"""

_ROW = Template(
    '<li class="$mark"><a href="$address"><strong>$subject</strong><span>to $to</span>$time</a></li>',
)

_FRAME = Template(
    '<iframe src="$address/html" title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
)

_MAIL = Template("""<p><a href="/">← All mails</a></p>
<h2>$subject</h2>
<dl><dt>From</dt><dd>$sender</dd><dt>To</dt><dd>$to</dd><dt>Received</dt><dd>$received</dd></dl>
$frame
$text
$headers
<p><a href="$address/raw">Download as it came (.eml)</a></p>""")

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
$head
<style>
  :root { color-scheme: light dark; --ink: #2b2118; --paper: #faf6ef; --line: #e2d8c8; --link: #8a3b12;
          --firing: #c62828; --warning: #d08700; --resolved: #2e7d32; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #eee6da; --paper: #1d1813; --line: #3a3128; --link: #f0a878;
            --firing: #ef6b60; --warning: #e8b04a; --resolved: #7cc47f; }
  }
  body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem; background: var(--paper); color: var(--ink);
         font: 1rem/1.5 system-ui, sans-serif; }
  h1 { margin: 0 0 1rem; font-size: 1.5rem; letter-spacing: -.02em; }
  h1 a { color: inherit; text-decoration: none; }
  h2 { margin: 0 0 .5rem; font-size: 1.25rem; overflow-wrap: anywhere; }
  a { color: var(--link); }
  ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
  li { border-bottom: 1px solid var(--line); border-left: .3rem solid transparent; }
  li.firing { border-left-color: var(--firing); }
  li.warning { border-left-color: var(--warning); }
  li.resolved { border-left-color: var(--resolved); }
  li a { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .6rem .75rem;
         color: inherit; text-decoration: none; }
  li a:hover, li a:focus { background: var(--line); }
  li strong { grid-column: 1 / -1; font-weight: 600; overflow-wrap: anywhere; overflow: hidden;
              display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; }
  li span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  li span, li time, dt, .quiet { opacity: .7; font-size: .9rem; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; align-items: baseline; margin: 0 0 1rem; }
  dd { margin: 0; overflow-wrap: anywhere; }
  iframe { width: 100%; height: 60vh; min-height: 20rem; resize: vertical; border: 1px solid var(--line);
           border-radius: .4rem; background: #fff; color-scheme: light; }
  details { margin: 1rem 0; }
  summary { cursor: pointer; }
  pre { padding: .75rem; border: 1px solid var(--line); border-radius: .4rem; overflow-x: auto; white-space: pre-wrap;
        overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
</style>
<h1><a href="/">Mailbox</a></h1>
$body
</html>
""")
