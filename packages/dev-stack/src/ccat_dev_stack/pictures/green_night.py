"""A night in which all is well: last night is archived, this one flows."""

from ccat_dev_stack.pictures.night import FILES, HOUR, MINUTE, NOW, TERA, Night
from ccat_ops_db.enumerations import ExecutionStatus, Status

UNITS = (
    ("Orion-KL_CHAI_CO76", "chai-hfa"),
    ("IRC10216_CHAI_CO43", "chai-lfa"),
    ("Jupiter_PrimeCam_280", "prime-cam-280"),
    ("Orion-KL_PrimeCam_280", "prime-cam-280"),
)
SPACE = {
    "ccat.chai-raw-data": (0.31, 60 * TERA),
    "ccat.primecam-raw-data": (0.44, 120 * TERA),
    "ccat.output-buffer": (0.22, 200 * TERA),
    "cologne.input-buffer": (0.52, 150 * TERA),
    "cologne.processing": (0.38, 80 * TERA),
    "us.input-buffer": (0.18, 100 * TERA),
    "us.processing": (0.05, 80 * TERA),
}


def fill(night: Night) -> None:
    """Add two nights of observations; all but the latest are archived."""
    began = NOW - 30 * HOUR
    for number in range(28):
        unit, module = UNITS[number % len(UNITS)]
        at = began + number * HOUR
        execution = night.observe(unit, module, at, 42 * MINUTE)
        night.archive(night.package(execution, module, at + 45 * MINUTE))
    moving = night.observe(*UNITS[0], NOW - 58 * MINUTE, 42 * MINUTE)
    package = night.package(moving, UNITS[0][1], NOW - 9 * MINUTE)
    night.send(
        package,
        NOW,
        status=Status.IN_PROGRESS,
        finished_at=None,
        lease_owner="worker-ccat",
        lease_expires_at=NOW + MINUTE,
        bytes_done=package.size * 61 // 100,
        progressed_at=NOW,
    )
    running = night.observe(*UNITS[1], NOW - 11 * MINUTE, MINUTE, ExecutionStatus.RUNNING)
    night.file(running, UNITS[1][1], NOW - 10 * MINUTE, None, FILES // 2)
    for location, (share, total) in SPACE.items():
        night.measure(location, share, total)
