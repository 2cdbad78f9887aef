"""`iolaus account`: everything known of one account."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "account",
        help="everything known of one account, and why it is in a cluster or why not",
        description=act.__doc__,
        epilog="for example: iolaus account acc_123 --lake LAKE; it answers an appeal, and starts no Spark",
    )
    parser.add_argument("account", metavar="ID", help="account_id, as the landing has it")
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    parser.add_argument("--json", action="store_true", help="one JSON object, with every day of the window")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Print what the lake knows of one account.

    Where it was seen, its days, models and tokens, and its clusters with their ranks. What it shares with how many
    owners, the accounts nearest to it, verdicts, and why it is in a cluster or why not.
    """
    from iolaus.export.account import account
    from iolaus.export.account_text import as_json, as_text
    from iolaus.export.gold import Gold

    known = account(Gold(given.lake), given.account, given.date)
    print(as_json(known) if given.json else as_text(known), end="\n" if given.json else "")
    return 0
