"""Places that cannot be two."""

from ccat_data_transfer.places.overlaps import overlaps
from ccat_data_transfer.storage.interface import LocationDescription


def disk(location: str, path: str, host: str = "") -> LocationDescription:
    return LocationDescription(id=location, kind="disk", path=path, host=host)


def store(location: str, bucket: str, prefix: str = "") -> LocationDescription:
    return LocationDescription(
        id=location, kind="s3", endpoint="https://s3.example.org", bucket=bucket, prefix=prefix
    )


def test_one_root() -> None:
    assert set(overlaps([disk("a.one", "/data/x"), disk("a.two", "/data/x")])) == {"a.one", "a.two"}
    assert set(overlaps([store("a.one", "x", "raw"), store("b.two", "x", "raw")])) == {"a.one", "b.two"}


def test_one_root_inside_another() -> None:
    found = overlaps([disk("a.in", "/data/x/y"), disk("a.out", "/data/x"), store("a.in-store", "x", "raw/a")])
    assert set(found) == {"a.in", "a.out"}
    assert found["a.in"] == found["a.out"] == "the root of a.in lies inside that of a.out; move one of them"
    assert set(overlaps([store("a.in", "x", "raw/a"), store("b.out", "x")])) == {"a.in", "b.out"}


def test_what_is_apart() -> None:
    places = [
        disk("a.one", "/data/x"),
        disk("a.two", "/data/xy"),
        disk("b.other-site", "/data/x"),
        disk("c.host-1", "/data/x", host="one"),
        disk("c.host-2", "/data/x", host="two"),
        store("a.store", "x", "raw"),
        store("a.other-prefix", "x", "rawer"),
        store("a.other-bucket", "y", "raw"),
    ]
    assert overlaps(places) == {}
