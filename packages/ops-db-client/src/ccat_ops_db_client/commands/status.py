"""``ccat status``."""

from typing import Any

from rich.text import Text

from ccat_ops_db_client.records import Status

from .options import ApiUrl, Json, Profile
from .output import number, print_json, say, size, time
from .session import connection
from .tables import print_table, state


def status(api_url: ApiUrl = None, _profile: Profile = None, as_json: Json = False) -> None:
    """Show what is where, what moves, what waits and why, and what is wrong."""
    with connection(api_url) as client:
        answer = client.status()
    if as_json:
        print_json(answer)
        return
    say(f"site {answer.site} at {time(answer.at)}")
    if answer.verdict:
        say(f"{answer.verdict['level']}: {answer.verdict['sentence']}")
    say(f"packages: {_counts(answer.packages)}")
    say(f"open errors: {_counts(answer.errors)}")
    _print_sections(answer)


def _print_sections(answer: Status) -> None:
    if answer.attention:
        print_table(
            ["", "WHAT", "WHY", "=SINCE (UTC)", "WHAT TO DO", "TURN"],
            [
                [
                    str(item["severity"]),
                    str(item["title"]),
                    str(item["why"]),
                    time(item.get("since")),
                    str(item["remedy"]),
                    str(item["turn"]),
                ]
                for item in answer.attention
            ],
            title="Needs attention",
        )
    if answer.locations:
        print_table(
            ["=LOCATION", "TYPE", ">USED", ">OF", ">FULL", ">HOLDS", ">SIZE", "STATE"],
            [_location(location) for location in answer.locations],
            title="Locations",
        )
    if answer.work:
        print_table(
            ["OPERATION", "STATUS", ">COUNT", ">DONE", ">OF"],
            [
                [
                    str(work["operation"]),
                    state(work["status"]),
                    number(work["count"]),
                    size(work.get("bytes_done")),
                    size(work.get("bytes_total")),
                ]
                for work in answer.work
            ],
            title="Work",
        )
    if answer.transfers:
        print_table(
            ["OPERATION", "=PACKAGE", "FROM", "TO", ">DONE", ">OF", "SINCE (UTC)"],
            [_transfer(transfer) for transfer in answer.transfers],
            title="Under way",
        )
    if answer.waiting:
        print_table(
            ["WAITING", "REASON", ">COUNT", "OLDEST (UTC)"],
            [
                [waits["subject_type"], waits["reason"], number(waits["count"]), time(waits.get("oldest"))]
                for waits in answer.waiting
            ],
            title="Waiting",
        )


def _location(location: dict[str, Any]) -> list[Text | str]:
    used, total = location.get("used_bytes"), location.get("total_bytes")
    share = 100 * used / total if used is not None and total else None
    high = location.get("watermark_high")
    above = share is not None and high is not None and share >= high
    return [
        location["id"],
        location["location_type"],
        size(used),
        size(total),
        Text("" if share is None else f"{share:.0f} %", style="red" if above else ""),
        _holdings(location),
        size((location.get("package_bytes") or 0) + (location.get("file_bytes") or 0)),
        _service(location),
    ]


def _holdings(location: dict[str, Any]) -> str:
    counts = [(location.get(kind) or 0, kind) for kind in ("packages", "files")]
    return ", ".join(f"{number(count)} {kind}" for count, kind in counts if count) or "nothing"


def _service(location: dict[str, Any]) -> Text:
    if location.get("suspended"):
        return Text("suspended", style="yellow")
    return Text("in use") if location.get("enabled", True) else Text("disabled", style="yellow")


def _transfer(transfer: dict[str, Any]) -> list[Text | str]:
    return [
        transfer["operation"],
        str(transfer.get("package_id") or ""),
        transfer.get("from") or "",
        transfer.get("to") or "",
        size(transfer.get("bytes_done")),
        size(transfer.get("bytes_total")),
        time(transfer.get("since")),
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number(count)} {name}" for name, count in counts.items() if count) or "none"
