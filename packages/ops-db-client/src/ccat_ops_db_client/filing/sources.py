"""Which source location a path belongs to, and its path there."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ccat_ops_db_client.client import Client
from ccat_ops_db_client.durable import make_folder
from ccat_ops_db_client.errors import ApiAwayError, PathError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.paths import name_of, text_of
from ccat_ops_db_client.records import Location


@dataclass(frozen=True, slots=True)
class Source:
    """A source location on this machine; `folder` is without symbolic links."""

    id: str
    folder: Path
    instrument: str | None = None


_SOURCES = TypeAdapter(list[Source])


def load_sources(client: Client) -> list[Source]:
    """Return the source locations of the API's site.

    While the API is away, they are those that were known last on this machine.

    Raises
    ------
    ApiAwayError
        The API is away and was never asked from here.
    """
    remembered = _memory(client)
    try:
        sources = _asked(client)
    except ApiAwayError:
        try:
            known = _SOURCES.validate_json(remembered.read_bytes())
            return [replace(source, folder=Path(name_of(str(source.folder)))) for source in known]
        except (OSError, ValidationError):
            pass
        raise
    _remember(remembered, sources)
    return sources


def remember_sources(client: Client) -> None:
    """Ask for the source locations if they were never asked for, so that filing works without the API."""
    if not _memory(client).exists():
        load_sources(client)


def place_of(path: Path, sources: Sequence[Source]) -> tuple[Source, str]:
    """Return the source location that contains `path` (absolute, without symbolic links) and the path there.

    Raises
    ------
    PathError
        No source location contains it; the message names their folders.
    """
    containing = [
        source for source in sources if path.is_relative_to(source.folder) and path != source.folder
    ]
    if not containing:
        raise PathError(
            f"{path} is outside every source location ({_listed(sources)})",
            "write it there, or copy it in with --ingest",
        )
    innermost = max(containing, key=lambda source: len(source.folder.parts))
    return innermost, text_of(path.relative_to(innermost.folder))


def source_for(module_instrument: str | None, sources: Sequence[Source], chosen: str | None) -> Source:
    """Return the source location that files are copied into.

    Parameters
    ----------
    module_instrument : str or None
        Instrument of the module, where known.
    sources : sequence of Source
        Source locations of the site.
    chosen : str or None
        Id of the location that the caller wants.

    Raises
    ------
    PathError
        There is none, or more than one fits and none was chosen.
    """
    fitting = [source for source in sources if _fits(source, module_instrument, chosen)]
    if len(fitting) != 1:
        problem = "no source location fits" if not fitting else "more than one source location fits"
        raise PathError(f"{problem} ({_listed(fitting or sources)})", "choose one with --location")
    return fitting[0]


def instrument_of(client: Client, module: str) -> str | None:
    """Return the instrument that a module belongs to; null where it is not known.

    Raises
    ------
    ApiAwayError
        The API is away.
    """
    for instrument in client.instruments():
        if any(known.id == module for known in instrument.modules):
            return instrument.id
    return None


def _fits(source: Source, instrument: str | None, chosen: str | None) -> bool:
    if chosen is not None:
        return source.id == chosen
    return instrument is None or source.instrument in {None, instrument}


def _listed(sources: Sequence[Source]) -> str:
    if not sources:
        return "this site has none"
    return ", ".join(f"{source.id} is {source.folder}" for source in sources)


def _asked(client: Client) -> list[Source]:
    site = client.site().id
    return [
        Source(location.id, Path(os.path.realpath(name_of(location.path))), location.instrument)
        for location in client.locations()
        if location.site == site and location.path is not None and _is_source(location)
    ]


def _is_source(location: Location) -> bool:
    return location.location_type == "source" and location.storage_type == "disk" and location.enabled


def _memory(client: Client) -> Path:
    name = sha256(client.settings.api_url.encode()).hexdigest()[:16]
    return client.settings.spool_folder / f"source-locations-{name}.json"


def _remember(remembered: Path, sources: Sequence[Source]) -> None:
    text = json.dumps(
        [{"id": s.id, "folder": text_of(s.folder), "instrument": s.instrument} for s in sources]
    )
    temporary = remembered.with_name(f"{remembered.name}.{new_id()}")
    try:
        if remembered.exists() and remembered.read_text() == text:
            return
        make_folder(remembered.parent, mode=0o700)
        temporary.write_text(text)
        temporary.replace(remembered)
    except OSError:
        # Only needed while the API is away; what can be done now is done.
        temporary.unlink(missing_ok=True)
