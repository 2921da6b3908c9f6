"""The table that ``dev-up`` ends with."""

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table

from ccat_dev_stack.checkout import interface_folder
from ccat_dev_stack.stack.installation import SITES, Installation

SIGN_IN = "sign in by choosing a role; there are no passwords in development"


def address_table(installation: Installation) -> RenderableType:
    """Return the addresses of the stack, and how to use and stop it."""
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if interface_folder() is not None:
        table.add_row("web interface", f"{installation.api_url}/   ({SIGN_IN})")
    else:
        table.add_row("web interface", "not built: make dev-up builds it")
    table.add_row("API", installation.api_url)
    table.add_row("API documentation", f"{installation.api_url}/api/v1/docs")
    for site in SITES:
        table.add_row(f"data server {site}", installation.data_server_url(site))
    table.add_row("PostgreSQL", installation.database_url)
    table.add_row("Redis", installation.redis.url)
    table.add_row("S3", installation.s3.endpoint)
    table.add_row("data", str(installation.data_folder))
    table.add_row("logs", f"{installation.folder.logs}   (make dev-logs)")
    simulated = "off (SIMULATE=10MB/s make dev-up starts it)"
    if installation.simulate != "0":
        simulated = f"{installation.simulate}   (SIMULATE=0 make dev-up stops it)"
    table.add_row("simulated telescope", simulated)
    return Group(
        table,
        f"Use it:    . {installation.environment_file}",
        "Watch it:  make dev-status",
        "Stop it:   make dev-down      (make dev-reset also deletes its data)",
    )
