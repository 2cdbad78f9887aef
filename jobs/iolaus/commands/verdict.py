"""`iolaus verdict`: what an analyst decided."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day
from iolaus.schemas.verdicts import VERDICTS

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "verdict", help="record what an analyst decided about a cluster", description=act.__doc__
    )
    parser.add_argument("cluster", metavar="CLUSTER", help="cluster_id, as hc_7a0d65ea1c62")
    parser.add_argument("verdict", choices=VERDICTS, help="what it is")
    parser.add_argument("--by", required=True, metavar="NAME", help="who answers for the verdict")
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason, for a later reader")
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument(
        "--account", action="append", default=[], metavar="ID", help="give it on this account alone; may be repeated"
    )
    parser.add_argument(
        "--date", type=day, metavar="D", help="run that was looked at; default: the last that has the cluster"
    )
    parser.add_argument(
        "--known-from", type=day, metavar="D", help="first run date that respects it; default: today (UTC)"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Append a verdict on a cluster, or on accounts of it, to the table verdicts/given.

    The next runs respect it. A later verdict on the same cluster or account supersedes an earlier one. Only `iolaus
    maintain forget` deletes any.
    """
    from iolaus.export.verdicts import give

    row = give(
        given.lake,
        given.cluster,
        given.verdict,
        by=given.by,
        why=given.why,
        named=given.account,
        run_date=given.date,
        known_from=given.known_from,
    )
    of = (
        f"{len(row['named'])} of its {len(row['members'])} accounts"
        if row["named"]
        else f"its {len(row['members'])} accounts"
    )
    print(f"{row['verdict_id']}: {row['cluster_id']}, {of} in the run of {row['run_date']}, {row['verdict']}")
    print(f"Runs of {row['known_from']} and later dates know it.")
    return 0
