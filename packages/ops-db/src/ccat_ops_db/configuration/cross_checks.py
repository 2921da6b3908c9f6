"""What entries say of each other: references that lead nowhere, and rules that span several entries."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from ccat_ops_db.configuration.kinds import references
from ccat_ops_db.configuration.loaded import LoadedEntry
from ccat_ops_db.configuration.problems import Problem
from ccat_ops_db.enumerations import LocationType, RouteType

Entries = Mapping[str, Mapping[str, LoadedEntry]]
Known = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Values by kind and key."""


def cross_check(entries: Entries, named: Mapping[str, set[str]]) -> list[Problem]:
    """Return what is wrong between the entries of a whole configuration.

    Parameters
    ----------
    entries : mapping
        Valid entries by kind and key.
    named : mapping
        Keys of all entries in the files, also of those that are not valid by themselves.
    """
    every = [loaded for of_kind in entries.values() for loaded in of_kind.values()]
    keys = {kind: set(of_kind) | named[kind] for kind, of_kind in entries.items()}
    values = {
        kind: {key: loaded.values for key, loaded in of_kind.items()} for kind, of_kind in entries.items()
    }
    return [
        *check_references(every, keys),
        *check_observations(every, values),
        *_sites(entries, named),
        *_locations(entries, named),
        *_overlapping_folders(entries),
        *_routes(entries),
        *_archives(entries),
    ]


def check_references(
    entries: Iterable[LoadedEntry], keys: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    """Yield references of entries that lead nowhere; keys are those that exist, by kind."""
    for loaded in entries:
        for field, ref in references(type(loaded.entry)):
            value = loaded.values[field]
            for key in value if isinstance(value, list) else [value]:
                if key is not None and key not in keys[ref.kind]:
                    yield loaded.problem(field, f"there is no {key!r} in {ref.kind}")


def check_observations(entries: Iterable[LoadedEntry], known: Known) -> Iterator[Problem]:
    """Yield obs units and observation configurations that do not fit to what they refer to."""
    for loaded in entries:
        if loaded.kind.name == "obs_units":
            yield from _check_program(loaded, known)
        elif loaded.kind.name == "observation_configurations":
            yield from _check_set_up(loaded, known)


def _sites(entries: Entries, named: Mapping[str, set[str]]) -> Iterator[Problem]:
    main = [loaded for loaded in entries["sites"].values() if loaded.values["main"]]
    if not main and len(entries["sites"]) == len(named["sites"]):
        some = next(iter(entries["sites"].values()), None)
        if some is None:
            yield Problem("sites", 1, "sites", "there is no site; at least one, with main: true, is needed")
        else:
            yield some.problem("main", "no site is the main site; give exactly one main: true")
    for loaded in main[1:]:
        yield loaded.problem("main", f"{main[0].key} is the main site already; there is exactly one")


def _locations(entries: Entries, named: Mapping[str, set[str]]) -> Iterator[Problem]:
    for loaded in entries["data_locations"].values():
        site = loaded.key.partition(".")[0]
        if site not in named["sites"]:
            position = loaded.raw.position
            reason = f"there is no site {site!r}; the key of a location is <site>.<name>"
            yield Problem(position.file, position.line, f"data_locations.{loaded.key}", reason)


def _overlapping_folders(entries: Entries) -> Iterator[Problem]:
    """Refuse a location inside another: what is deleted at one must not be the other's."""
    by_store: dict[tuple[str, ...], list[tuple[PurePosixPath, str, LoadedEntry]]] = {}
    for loaded in entries["data_locations"].values():
        values = loaded.values
        store: tuple[str, ...] = (loaded.key.partition(".")[0],)
        field = {"disk": "path", "tape": "mount_path", "s3": "prefix"}[values["storage_type"]]
        if field == "prefix":
            store = (values["endpoint"], values["bucket"])
        by_store.setdefault(store, []).append((PurePosixPath("/", values[field]), field, loaded))
    for places in by_store.values():
        for (path, _, first), (other, field, second) in combinations(places, 2):
            hosts = {first.values.get("host"), second.values.get("host")}
            if None not in hosts and len(hosts) == 2:
                continue
            if path.is_relative_to(other) or other.is_relative_to(path):
                yield second.problem(field, f"{other} overlaps {path} of {first.key}")


def _routes(entries: Entries) -> Iterator[Problem]:
    legs = {
        (route.values["origin"], route.values["destination"])
        for route in entries["data_transfer_routes"].values()
        if route.values["route_type"] != RouteType.RELAY
    }
    for route in entries["data_transfer_routes"].values():
        values = route.values
        for end in ("origin", "destination"):
            location = values[f"{end}_location"]
            if location is not None and location.partition(".")[0] != values[end]:
                yield route.problem(f"{end}_location", f"{location} is not at the site {values[end]}")
        if values["relay"] is None:
            continue
        for leg in ((values["origin"], values["relay"]), (values["relay"], values["destination"])):
            if leg not in legs:
                yield route.problem("relay", f"there is no route from {leg[0]} to {leg[1]} to relay over")


def _archives(entries: Entries) -> Iterator[Problem]:
    """Refuse policies that ask for more archives than there are: nothing would ever be deleted."""
    archives = {
        key
        for key, loaded in entries["data_locations"].items()
        if loaded.values["location_type"] == LocationType.LONG_TERM_ARCHIVE
        and loaded.values["enabled"]
        and _enabled_site(entries, key)
    }
    for key, loaded in entries["data_locations"].items():
        policy = entries["retention_policies"].get(loaded.values["retention_policy"] or "")
        if policy is None or not loaded.values["enabled"] or not _enabled_site(entries, key):
            continue
        wanted, available = policy.values["min_archive_copies"], len(archives - {key})
        if wanted > available:
            yield loaded.problem(
                "retention_policy",
                f"{policy.key} wants {wanted} archive copies elsewhere, but there"
                f" {'is' if available == 1 else 'are'} {available} enabled long-term archive"
                f"{'' if available == 1 else 's'}",
            )


def _enabled_site(entries: Entries, location: str) -> bool:
    site = entries["sites"].get(location.partition(".")[0])
    return site is None or bool(site.values["enabled"])


def _check_program(unit: LoadedEntry, known: Known) -> Iterator[Problem]:
    name, program = unit.values["sub_program"], unit.values["program"]
    part = known["sub_observing_programs"].get(name or "")
    if part is not None and part["program"] != program:
        yield unit.problem("sub_program", f"{name} is a part of {part['program']}, not of {program}")


def _check_set_up(configuration: LoadedEntry, known: Known) -> Iterator[Problem]:
    name = configuration.values["module_configuration"]
    set_up = known["instrument_module_configurations"].get(name or "")
    if set_up is None:
        return
    if set_up["type"] != configuration.values["type"]:
        reason = f"{name} is of type {set_up['type']}, not {configuration.values['type']}"
        yield configuration.problem("module_configuration", reason)
    module = known["instrument_modules"].get(set_up["module"])
    if module is not None and module["instrument"] != configuration.values["instrument"]:
        reason = f"{name} sets up {set_up['module']} of {module['instrument']}, another instrument"
        yield configuration.problem("module_configuration", reason)
