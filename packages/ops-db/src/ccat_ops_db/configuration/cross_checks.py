"""What entries say of each other: references that lead nowhere, and rules that span several entries."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import PurePosixPath

from ccat_ops_db.configuration.kinds import references
from ccat_ops_db.configuration.loaded import LoadedEntry
from ccat_ops_db.configuration.problems import Problem
from ccat_ops_db.enumerations import LocationType, RouteType

Entries = Mapping[str, Mapping[str, LoadedEntry]]


def cross_check(entries: Entries, named: Mapping[str, set[str]]) -> list[Problem]:
    """Return what is wrong between entries.

    Parameters
    ----------
    entries : mapping
        Valid entries by kind and key.
    named : mapping
        Keys of all entries in the files, also of those that are not valid by themselves.
    """
    return [
        *_dangling(entries, named),
        *_sites(entries, named),
        *_locations(entries, named),
        *_overlapping_folders(entries),
        *_routes(entries),
        *_archives(entries),
        *_observations(entries),
    ]


def _dangling(entries: Entries, named: Mapping[str, set[str]]) -> Iterator[Problem]:
    for of_kind in entries.values():
        for loaded in of_kind.values():
            for field, ref in references(type(loaded.entry)):
                value = loaded.values[field]
                for key in value if isinstance(value, list) else [value]:
                    if key is not None and key not in entries[ref.kind] and key not in named[ref.kind]:
                        yield loaded.problem(field, f"there is no {key!r} in {ref.kind}")


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


def _observations(entries: Entries) -> Iterator[Problem]:
    for unit in entries["obs_units"].values():
        part = entries["sub_observing_programs"].get(unit.values["sub_program"] or "")
        if part is not None and part.values["program"] != unit.values["program"]:
            reason = f"{part.key} is a part of {part.values['program']}, not of {unit.values['program']}"
            yield unit.problem("sub_program", reason)
    for configuration in entries["observation_configurations"].values():
        set_up = entries["instrument_module_configurations"].get(
            configuration.values["module_configuration"] or ""
        )
        if set_up is None:
            continue
        if set_up.values["type"] != configuration.values["type"]:
            reason = f"{set_up.key} is of type {set_up.values['type']}, not {configuration.values['type']}"
            yield configuration.problem("module_configuration", reason)
        module = entries["instrument_modules"].get(set_up.values["module"])
        if module is not None and module.values["instrument"] != configuration.values["instrument"]:
            reason = f"{set_up.key} sets up {module.key} of {module.values['instrument']}, another instrument"
            yield configuration.problem("module_configuration", reason)
