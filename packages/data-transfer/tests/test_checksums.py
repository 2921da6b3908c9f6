"""Checksums: known vectors, one spelling, streaming."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_data_transfer.checksums import ALGORITHMS, Buffer, format_checksum, new_hasher, parse_checksum

# md5: RFC 1321 A.5. sha256: FIPS 180-4 examples. crc32c: RFC 3720 B.4 and the CRC catalogue's check value.
# blake3, xxh3-128 (seed 0): test vectors of the reference implementations.
VECTORS = [
    ("md5", b"", "d41d8cd98f00b204e9800998ecf8427e"),
    ("md5", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("sha256", b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("sha256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("crc32c", b"", "00000000"),
    ("crc32c", b"123456789", "e3069283"),
    ("crc32c", bytes(32), "8a9136aa"),
    ("crc32c", b"\xff" * 32, "62a8ab43"),
    ("blake3", b"", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
    ("blake3", b"\x00", "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    ("xxh3-128", b"", "99aa06d3014798d86001c324468d497f"),
    ("xxh3-128", b"abc", "06b05ab6733a618578af5f94892f3950"),
]


@pytest.mark.parametrize(("algorithm", "content", "digest"), VECTORS)
def test_known_vectors(algorithm: str, content: bytes, digest: str) -> None:
    hasher = new_hasher(algorithm)
    hasher.update(content)
    assert hasher.hexdigest() == digest
    assert parse_checksum(format_checksum(algorithm, digest)) == (algorithm, digest)


def test_every_algorithm_has_a_vector() -> None:
    assert {algorithm for algorithm, _, _ in VECTORS} == set(ALGORITHMS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(pieces=st.lists(st.binary(max_size=200)))
def test_pieces_and_buffers_make_no_difference(algorithm: str, pieces: list[bytes]) -> None:
    whole, streamed = new_hasher(algorithm), new_hasher(algorithm)
    whole.update(b"".join(pieces))
    for number, piece in enumerate(pieces):
        buffers: list[Buffer] = [piece, bytearray(piece), memoryview(bytearray(piece))]
        streamed.update(buffers[number % 3])
    assert whole.hexdigest() == streamed.hexdigest()


def test_crc32c_of_more_than_one_piece() -> None:
    content = bytes(range(256)) * 3000
    whole, halves = new_hasher("crc32c"), new_hasher("crc32c")
    whole.update(content)
    halves.update(content[:300_001])
    halves.update(content[300_001:])
    assert whole.hexdigest() == halves.hexdigest()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_wrong_bit_is_seen(algorithm: str) -> None:
    content = bytearray(1000)
    right, wrong = new_hasher(algorithm), new_hasher(algorithm)
    right.update(content)
    content[500] ^= 1
    wrong.update(content)
    assert right.hexdigest() != wrong.hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d41d8cd98f00b204e9800998ecf8427e",
        "md5:",
        "md5:D41D8CD98F00B204E9800998ECF8427E",
        "MD5:d41d8cd98f00b204e9800998ecf8427e",
        "md5: d41d8cd98f00b204e9800998ecf8427",
        "md5:d41d8cd98f00b204e9800998ecf8427",
        "md5:d41d8cd98f00b204e9800998ecf8427e0",
        "md5:d41d8cd98f00b204e9800998ecf8427g",
        "md5:1B2M2Y8AsgTpgAmY7PhCfg==",
        "xxh128:99aa06d3014798d86001c324468d497f",
        "sha256:d41d8cd98f00b204e9800998ecf8427e",
        "crc32c:e306928３",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_checksum(text)


def test_unknown_algorithm_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown checksum algorithm 'sha1'.*xxh3-128, sha256, blake3"):
        new_hasher("sha1")
