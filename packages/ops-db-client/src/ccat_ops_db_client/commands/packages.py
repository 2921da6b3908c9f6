"""``ccat packages``."""

from rich.text import Text

from ccat_ops_db_client.records import Package

from .options import ApiUrl, ExecutionId, Json, Profile
from .output import number, print_json, say, size
from .session import connection
from .tables import lines, print_table, state, styled


def packages(
    execution: ExecutionId, api_url: ApiUrl = None, _profile: Profile = None, as_json: Json = False
) -> None:
    """Show the packages of an execution: state, files, bytes, copies per location, why they wait."""
    with connection(api_url) as client:
        client.execution(execution)
        found = list(client.packages(execution_id=execution, sort="created_at"))
    if as_json:
        print_json(found)
    elif not found:
        say(f"execution {execution} has no packages yet; see: ccat why {execution}")
    else:
        print_table(
            ["=PACKAGE", "=MODULE", ">PART", "STATE", ">FILES", ">SIZE", "COPIES", "WAITING"],
            [_row(package) for package in found],
        )


def _row(package: Package) -> list[Text | str]:
    copies = [styled(f"{copy.location} ") + state(copy.status) for copy in package.copies]
    reasons = [(package.waiting_reason, package.waiting_detail)]
    reasons += [(copy.waiting_reason, copy.waiting_detail) for copy in package.copies]
    waiting = dict.fromkeys(
        f"{reason}: {detail}" if detail else reason for reason, detail in reasons if reason
    )
    return [
        str(package.id),
        package.module,
        str(package.part_number),
        state(package.state),
        number(package.file_count),
        size(package.payload_bytes),
        lines(copies),
        lines(waiting),
    ]
