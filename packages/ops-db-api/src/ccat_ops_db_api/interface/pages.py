"""The built interface at ``/``: one page for all its addresses, and the files that it loads."""

import re
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from ccat_ops_db_api.interface.files import ASK_AGAIN, STRICT, UNCHANGING, file_inside, file_response

PAGE = "index.html"
HASHED = "assets/"
"""Below here names change with contents."""
NOT_PAGES = ("api", "data", "healthz", "readyz", "metrics")
"""First parts of paths that belong to API and data servers."""
NAME_OF_FILE = re.compile(
    r".*\.(js|mjs|css|map|json|html|txt|xml|svg|png|jpg|ico|webp|woff2|webmanifest|wasm|gz)", re.IGNORECASE
)
"""What loads a file, not a page; other dots are parts of names, such as those of locations."""


def serve_interface(app: FastAPI, folder: Path | None) -> None:
    """Have an application answer what none of its routes does: with the interface, or with a pointer.

    Parameters
    ----------
    app : FastAPI
        Application whose routes come first.
    folder : Path, optional
        Folder of the built interface.
    """
    app.router.default = _Interface(folder.resolve()) if folder is not None else _pointer


class _Interface:
    """Answers with the files of a folder; a new build in it is served as soon as it is there."""

    path = "interface"
    """Name in the metrics, as of a route."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _readable(scope, receive)
        response = self._answer(request, scope["path"].removeprefix("/"))
        scope["route"] = self
        await response(scope, receive, send)

    def _answer(self, request: Request, path: str) -> Response:
        if path.partition("/")[0] in NOT_PAGES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        file = file_inside(self._folder, path or PAGE)
        if file is not None:
            cache = UNCHANGING if path.startswith(HASHED) else ASK_AGAIN
            return file_response(request, file, self._folder, cache)
        page = file_inside(self._folder, PAGE)
        if page is None or f"{path}/".startswith(HASHED) or NAME_OF_FILE.fullmatch(path):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return file_response(request, page, self._folder, ASK_AGAIN)


async def _pointer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer ``/`` where the interface is served by somebody else or not at all."""
    request = _readable(scope, receive)
    if request.url.path != "/":
        raise HTTPException(HTTPStatus.NOT_FOUND)
    await HTMLResponse(_POINTER, headers={**STRICT, "Cache-Control": ASK_AGAIN})(scope, receive, send)


def _readable(scope: Scope, receive: Receive) -> Request:
    """Return a request that reads something; whatever else finds nothing here."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Request(scope, receive)


_POINTER = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>CCAT operations database</title>
<p>This is the API of the CCAT operations database. It does not serve the web interface.</p>
<p><a href="/api/v1/docs">Documentation of the API</a></p>
</html>
"""
