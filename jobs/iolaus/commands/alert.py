"""`iolaus alert`: tell a chat of cases and of days that were stopped."""

import argparse
import os
from typing import TYPE_CHECKING

from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands

URL, FORM = "IOLAUS_ALERT_URL", "IOLAUS_ALERT_FORM"


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "alert",
        help="tell a webhook of new cases and stopped days",
        description=act.__doc__,
        epilog=f"the address comes from {URL} alone, for a webhook's address is its password; {FORM} is slack (the "
        "default), teams or json. `iolaus run` alerts at its end where the address is set",
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--hours", type=int, metavar="N", help="also if the newest ranking ended longer ago than this")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """POST what is not told yet to a webhook.

    Cases that are new, have a quarter more accounts than when they were last told, or changed after a verdict; days
    that were stopped. Each is told once (quality/alerts). The text has ids and counts, and nothing that a client wrote.
    """
    n = tell(given.lake, given.hours, dry_run=given.dry_run)
    print(f"{n} alert{'' if n == 1 else 's'} {'to send' if given.dry_run else 'sent'}.")
    return 0


def tell(lake: str, hours: int | None = None, *, dry_run: bool = False) -> int:
    """Send what is not told yet; returns how many. Raises UsageError if there is no address, or no such form."""
    from iolaus.export.alerts import pending, sent
    from iolaus.export.gold import Gold
    from iolaus.export.webhook import FORMS, body, post

    url, form = os.environ.get(URL, ""), os.environ.get(FORM, FORMS[0])
    if form not in FORMS:
        raise UsageError(f"{FORM} is {form!r}; set it to {', '.join(FORMS)}")
    if not url and not dry_run:
        raise UsageError(f"there is no address to alert; set {URL} to the webhook's, or give --dry-run")
    gold = Gold(lake)
    found = pending(gold, hours)
    if dry_run:
        for alert in found:
            print(alert.text)
    elif found:
        post(url, body(found, form))
        for alert in found:
            sent(gold, alert)
    return len(found)
