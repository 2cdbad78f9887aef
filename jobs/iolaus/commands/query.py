"""`iolaus query`: SQL over the published tables."""

import argparse
import sys
from typing import TYPE_CHECKING

from iolaus.commands.answers import FORMATS, write

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "query",
        help="SQL over the published tables, without starting Spark",
        description=act.__doc__,
        epilog='for example: iolaus query --lake LAKE "SELECT rank, cluster_id, score, summary FROM suspect_clusters '
        'WHERE run_date = latest() ORDER BY rank". The function latest() is the newest published run date. '
        "Every column is in docs/reference/tables.md.",
    )
    parser.add_argument("sql", metavar="SQL", help="one statement in DuckDB's SQL, or - to read it from standard input")
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.add_argument(
        "--rows", type=int, default=100, metavar="N", help="most rows of a table; default 100. CSV and JSON have all"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Answer a question in SQL over the gold tables, each a view of its name.

    Also over quality.results, quality.runs and verdicts.given. The function latest() is the newest published run date;
    its age is printed on standard error.
    """
    from iolaus.export.gold import Gold, age
    from iolaus.export.query import ask, asks_for_latest

    sql, gold = sys.stdin.read() if given.sql == "-" else given.sql, Gold(given.lake)
    answer = ask(gold, sql)
    if asks_for_latest(sql):
        newest = gold.days()[-1]
        print(f"iolaus: the newest published run is of {newest}, {age(newest)}", file=sys.stderr)
    write(answer, given.format, max(given.rows, 0))
    return 0
