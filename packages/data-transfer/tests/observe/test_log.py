"""The log goes to standard error, whatever that is when a line is written."""

import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from ccat_data_transfer.observe.log import configure_logging

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_a_line_is_written_after_a_former_standard_error_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    former, current = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", former)
    configure_logging()
    log.info("first")
    monkeypatch.setattr(sys, "stderr", current)
    former.close()
    log.info("second")
    assert "second" in current.getvalue()
