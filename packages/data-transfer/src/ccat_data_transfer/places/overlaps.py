"""Locations that cannot be two places: they have one root, or one root lies inside the other."""

from collections.abc import Iterable, Mapping
from itertools import combinations

from ccat_data_transfer.storage.interface import LocationDescription


def overlaps(places: Iterable[LocationDescription]) -> Mapping[str, str]:
    """Return the locations that overlap with another one, and how, for people.

    Folders of two sites, or of two hosts that are named, are on different machines, whatever their paths.
    """
    found: dict[str, str] = {}
    for one, other in combinations(sorted(places, key=lambda place: place.id), 2):
        first, second = _root(one), _root(other)
        if first == second:
            found.setdefault(one.id, f"{one.id} and {other.id} have one root; correct one of them")
            found.setdefault(other.id, f"{other.id} and {one.id} have one root; correct one of them")
        elif first[: len(second)] == second or second[: len(first)] == first:
            inner, outer = (one, other) if len(first) > len(second) else (other, one)
            message = f"the root of {inner.id} lies inside that of {outer.id}; move one of them"
            found.setdefault(one.id, message)
            found.setdefault(other.id, message)
    return found


def _root(place: LocationDescription) -> tuple[str, ...]:
    if place.kind == "s3":
        prefix = place.prefix.split("/") if place.prefix else []
        return ("s3", place.endpoint.rstrip("/"), place.bucket, *prefix)
    return ("disk", place.id.partition(".")[0], place.host, *place.path.strip("/").split("/"))
