"""Free ports are free for everything that listens by their numbers."""

import os
from pathlib import Path

import pytest

from ccat_dev_stack import ports


def test_a_port_whose_socket_another_user_left_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = ports.free_ports(1)
    left = Path(f"/tmp/seaweedfs-volume-grpc-{port}.sock")
    left.touch(exist_ok=False)
    try:
        assert ports.is_free(port)
        somebody_else = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
        assert not ports.is_free(port)
    finally:
        left.unlink()
    assert ports.is_free(port)
