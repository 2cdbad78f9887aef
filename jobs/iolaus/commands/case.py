"""`iolaus case`: the queue of cases."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.answers import write
from iolaus.commands.arguments import day
from iolaus.schemas.cases import STATES

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("case", help="who has which case, and how it stands", description=act_list.__doc__)
    parts = parser.add_subparsers(dest="part", required=True, metavar="WHAT")
    one = parts.add_parser("list", help="the queue: open cases, those that are due first", description=act_list.__doc__)
    one.add_argument("--all", action="store_true", help="decided and closed cases, too")
    one.set_defaults(act=act_list)
    step = parts.add_parser("set", help="state, owner, due date or a note of a case", description=act_set.__doc__)
    step.add_argument("cluster", metavar="CLUSTER", help="cluster_id, as hc_7a0d65ea1c62")
    step.add_argument("--by", required=True, metavar="NAME", help="who takes this step")
    step.add_argument("--state", choices=STATES, help="how the case stands from now on")
    step.add_argument("--owner", metavar="NAME", help="who has the case from now on; assigns a new case")
    step.add_argument("--due", type=day, metavar="D", help="when something is due, YYYY-MM-DD")
    step.add_argument("--note", metavar="TEXT", help="what a later reader must know")
    step.add_argument("--date", type=day, metavar="D", help="run that was looked at; default: the last that lists it")
    step.set_defaults(act=act_set)
    for part in (one, step):
        part.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")


def act_set(given: argparse.Namespace) -> int:
    """Append a step of a case to the lake's table verdicts/cases, without starting Spark.

    A step to decided, appealed or closed keeps the evidence as it is. `iolaus verdict` on a whole cluster decides its
    case, too.
    """
    from iolaus.export.gold import Gold
    from iolaus.export.queue import standings, take_step

    row = take_step(
        given.lake,
        given.cluster,
        by=given.by,
        state=given.state,
        owner=given.owner,
        due_on=given.due,
        note=given.note,
        run_date=given.date,
    )
    case = standings(Gold(given.lake))[given.cluster]
    of = f"{case.owner or 'nobody'}{f', due {case.due_on}' if case.due_on else ''}"
    print(f"{row['step_id']}: {given.cluster} as of the run of {row['run_date']}: {case.state}, owner {of}")
    return 0


def act_list(given: argparse.Namespace) -> int:
    """Print the queue: published clusters of the newest run without a decision, and every case that has an owner."""
    from iolaus.export.gold import Gold
    from iolaus.export.query import Answer
    from iolaus.export.queue import queue

    rows = queue(Gold(given.lake), closed=given.all)
    names = ("cluster", "rank", "confidence", "state", "owner", "due", "last note")
    write(Answer(names, iter(rows)), "table", len(rows))
    return 0
