"""``/api/v1/docs``: Swagger UI from files of this package, so that it needs no other server."""

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from ccat_ops_db_api.interface.files import ASK_AGAIN, STRICT, file_inside, file_response

FOLDER = (Path(__file__).parent / "swagger_ui").resolve()
SERVED = ("swagger-ui-bundle.js", "swagger-ui.css", "start.js")

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_documentation() -> Response:
    """Give the page."""
    return HTMLResponse(_PAGE, headers={**STRICT, "Cache-Control": ASK_AGAIN})


@router.get("/docs/{name}")
async def get_documentation_file(request: Request, name: str) -> Response:
    """Give a file that the page loads."""
    file = file_inside(FOLDER, name) if name in SERVED else None
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return file_response(request, file, FOLDER, ASK_AGAIN)


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>CCAT operations database: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css">
</head>
<body>
<div id="documentation"></div>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script>
<script src="/api/v1/docs/start.js"></script>
</body>
</html>
"""
