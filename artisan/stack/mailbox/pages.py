"""The mailbox in a browser, and as JSON for scripts.

A mail's HTML is a stranger's: it is shown in a frame without scripts, forms or a name of its own, and may load nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from artisan.stack.mailbox import templates
from artisan.stack.mailbox.mails import Mail, Mails
from artisan.stack.mailbox.reading import content
from artisan.stack.ports import LOOPBACK

_COMMON = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_OURS = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# Only a click leaves the frame, for a new tab, which is an ordinary page again.
_THEIRS = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def application(mails: Mails) -> Starlette:
    """The pages of these mails."""
    pages = _Pages(mails)
    routes = [
        Route("/", pages.list),
        Route("/messages/{id}", pages.mail),
        Route("/messages/{id}/html", pages.html),
        Route("/messages/{id}/raw", pages.raw),
        Route("/api/messages", pages.list_as_json),
        Route("/api/messages/{id}", pages.mail_as_json),
    ]
    # Otherwise a page from anywhere could read the mails, by giving its own name this machine's address.
    ours_alone = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", LOOPBACK], www_redirect=False)
    return Starlette(routes=routes, middleware=[ours_alone], exception_handlers={404: _not_found})


class _Pages:
    """Coroutines, though they read files: small ones, and one at a time keeps the Maildir simple."""

    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def list(self, _: Request) -> Response:
        rows = [(mail, self._mails.heading(mail)) for mail in self._mails.newest_first()]
        return _page(templates.mailbox(rows))

    async def mail(self, request: Request) -> Response:
        mail = self._asked(request)
        return _page(templates.mail(mail, content(mail.path.read_bytes())))

    async def html(self, request: Request) -> Response:
        html = content(self._asked(request).path.read_bytes()).html
        if html is None:
            raise HTTPException(404)
        return HTMLResponse(templates.framed(html), headers={**_COMMON, "Content-Security-Policy": _THEIRS})

    async def raw(self, request: Request) -> Response:
        mail = self._asked(request)
        return FileResponse(mail.path, headers=_COMMON, media_type="message/rfc822", filename=f"{mail.id}.eml")

    async def list_as_json(self, _: Request) -> Response:
        return JSONResponse({"messages": [self._entry(mail) for mail in self._mails.newest_first()]}, headers=_COMMON)

    async def mail_as_json(self, request: Request) -> Response:
        mail = self._asked(request)
        said = content(mail.path.read_bytes())
        body = {**self._entry(mail), "headers": said.headers, "text": said.text, "html": said.html}
        return JSONResponse(body, headers=_COMMON)

    def _asked(self, request: Request) -> Mail:
        try:
            return self._mails.by_id()[request.path_params["id"]]
        except KeyError:
            raise HTTPException(404) from None

    def _entry(self, mail: Mail) -> Mapping[str, Any]:
        heading = self._mails.heading(mail)
        return {
            "id": mail.id,
            "received": mail.received.isoformat(timespec="milliseconds"),
            "from": heading.sender,
            "to": heading.to,
            "subject": heading.subject,
            "bytes": mail.size,
        }


async def _not_found(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "There is no such mail."}, 404, headers=_COMMON)
    return _page(templates.not_found(), 404)


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, {**_COMMON, "Content-Security-Policy": _OURS + "; frame-ancestors 'none'"})
