"""Which source location a path belongs to, and its path there."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ccat_ops_db_client import calls
from ccat_ops_db_client.durable import fresh_temporary, make_folder
from ccat_ops_db_client.errors import ApiAwayError, CcatError, PathError, PathReason
from ccat_ops_db_client.paths import name_of, shown, text_of
from ccat_ops_db_client.recorder import Ask, Recorder, pages
from ccat_ops_db_client.records import Location

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class Source:
    """A source location on this machine; `folder` is without symbolic links."""

    id: str
    folder: Path
    instrument: str | None = None


_WHEN_NEEDED = ConfigDict(defer_build=True)
_SOURCES = TypeAdapter(list[Source], config=_WHEN_NEEDED)
_INSTRUMENTS = TypeAdapter(dict[str, str], config=_WHEN_NEEDED)


def load_sources(recorder: Recorder) -> list[Source]:
    """Return the source locations of the API's site.

    While the API is away, they are those that were known last on this machine.

    Raises
    ------
    ApiAwayError
        The API is away and was never asked from here.
    """
    known = _asked_or_remembered(recorder, "source-locations", _SOURCES, _asked_sources)
    return [replace(source, folder=Path(name_of(str(source.folder)))) for source in known]


def instrument_of(recorder: Recorder, module: str) -> str | None:
    """Return the instrument that a module belongs to; null where it is not known.

    Raises
    ------
    ApiAwayError
        The API is away and was never asked from here.
    """
    return _asked_or_remembered(recorder, "instruments", _INSTRUMENTS, _asked_instruments).get(module)


def remember_places(recorder: Recorder) -> None:
    """Ask once what filing must know if it was never asked for, so that filing works without the API.

    If there is no answer, whoever files will ask.
    """
    _remember_unless_known(recorder, "source-locations", _SOURCES, _asked_sources)
    _remember_unless_known(recorder, "instruments", _INSTRUMENTS, _asked_instruments)


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
            f"{shown(path)} is outside every source location ({_listed(sources)})",
            "write it there, or copy it in with --ingest",
            PathReason.OUTSIDE,
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


def _fits(source: Source, instrument: str | None, chosen: str | None) -> bool:
    if chosen is not None:
        return source.id == chosen
    return instrument is None or source.instrument in {None, instrument}


def _listed(sources: Sequence[Source]) -> str:
    if not sources:
        return "this site has none"
    return ", ".join(f"{source.id} is {shown(source.folder)}" for source in sources)


def _asked_sources(ask: Ask) -> list[Source]:
    site = ask(calls.site()).id
    return [
        Source(location.id, Path(text_of(os.path.realpath(name_of(location.path)))), location.instrument)
        for location in pages(ask, calls.locations())
        if location.site == site and location.path is not None and _is_source(location)
    ]


def _asked_instruments(ask: Ask) -> dict[str, str]:
    return {
        module.id: instrument.id
        for instrument in pages(ask, calls.instruments())
        for module in instrument.modules
    }


def _is_source(location: Location) -> bool:
    return location.location_type == "source" and location.storage_type == "disk" and location.enabled


def _asked_or_remembered(
    recorder: Recorder, name: str, adapter: TypeAdapter[Known], asked: Callable[[Ask], Known]
) -> Known:
    memory = _memory(recorder, name)
    try:
        known = asked(recorder.ask)
    except ApiAwayError:
        try:
            return adapter.validate_json(memory.read_bytes())
        except (OSError, ValidationError):
            known = _waited_for(recorder, asked)
    _remember(memory, adapter.dump_json(known))
    return known


def _waited_for(recorder: Recorder, asked: Callable[[Ask], Known]) -> Known:
    """Ask what cannot be known otherwise: for this it is waited, as for any question."""
    try:
        return asked(recorder.client.send)
    except ApiAwayError as error:
        raise ApiAwayError(
            f"this computer does not know the source locations yet, and {error.message}",
            "file again when the API is there; after one `ccat obs start` that reached it, files can be filed"
            " without it",
        ) from error


def _remember_unless_known(
    recorder: Recorder, name: str, adapter: TypeAdapter[Known], asked: Callable[[Ask], Known]
) -> None:
    memory = _memory(recorder, name)
    # Nobody may look there, or there is no answer: it is not needed now.
    with suppress(CcatError, OSError):
        if not memory.exists():
            _remember(memory, adapter.dump_json(asked(recorder.ask)))


def _memory(recorder: Recorder, name: str) -> Path:
    settings = recorder.client.settings
    return settings.spool_folder / f"{name}-{sha256(settings.api_url.encode()).hexdigest()[:16]}.json"


def _remember(memory: Path, content: bytes) -> None:
    # Only needed while the API is away; what can be done now is done.
    with suppress(OSError):
        if memory.exists() and memory.read_bytes() == content:
            return
        make_folder(memory.parent, mode=0o700)
        with fresh_temporary(memory) as (stream, temporary):
            stream.write(content)
            stream.flush()
            temporary.replace(memory)
