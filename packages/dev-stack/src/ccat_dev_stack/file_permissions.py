"""Have the permissions of files count for a test, whoever runs it."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

# linux/capability.h
_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def permissions_count() -> Iterator[None]:
    """Take from this thread, and from those it starts, root's right to pass over permissions.

    For an ordinary user nothing changes. Who owns a file stays its owner, and may change its permissions.
    """
    header, sets = _Header(_VERSION_3, 0), (_Set * 2)()
    _call(_libc.capget, header, sets)
    before = sets[0].effective
    sets[0].effective = before & ~(1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH)
    _call(_libc.capset, header, sets)
    try:
        yield
    finally:
        sets[0].effective = before
        _call(_libc.capset, header, sets)


def _call(function: "ctypes._NamedFuncPointer", header: _Header, sets: "ctypes.Array[_Set]") -> None:
    if function(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")
