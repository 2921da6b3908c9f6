"""Files that are served as they are, with the headers that a browser needs to be strict with them."""

from collections.abc import Mapping
from mimetypes import MimeTypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline, and nobody shows our pages inside theirs."""
STRICT: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
UNCHANGING = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
COMPRESSED_SUFFIX = ".gz"

_TYPES = MimeTypes()
for _type, _suffix in (
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("font/woff2", ".woff2"),
    ("application/manifest+json", ".webmanifest"),
):
    _TYPES.add_type(_type, _suffix)


def file_inside(folder: Path, path: str) -> Path | None:
    """Return the file at a path below a folder, or None.

    Parameters
    ----------
    folder : Path
        Folder, resolved. Nothing outside is reached: neither by ``..`` nor by a link.
    path : str
        Path as the client sent it, decoded. Hidden files are not there.
    """
    parts = path.split("/")
    if "\0" in path or "\\" in path or any(part in ("", "..") or part.startswith(".") for part in parts):
        return None
    try:
        file = folder.joinpath(*parts).resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None  # a name that is too long or that no file can have, or a loop of links


def file_response(request: Request, file: Path, folder: Path, cache: str) -> FileResponse:
    """Return a file, compressed if it lies there so and the client takes it."""
    headers = {**STRICT, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    media_type = _TYPES.guess_type(file.name)[0] or "application/octet-stream"
    compressed = file_inside(folder, f"{file.relative_to(folder).as_posix()}{COMPRESSED_SUFFIX}")
    if compressed is not None and _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        file = compressed
    return FileResponse(file, headers=headers, media_type=media_type)


def _takes_gzip(request: Request) -> bool:
    for coding in request.headers.get("accept-encoding", "").split(","):
        name, _, quality = coding.partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
