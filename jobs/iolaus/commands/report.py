"""`iolaus report`: pages about a run."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "report", help="pages about a run: its ranking, and every case", description=act.__doc__
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the pages; default: report, beside a lake on a file system"
    )
    parser.add_argument(
        "--data-docs", action="store_true", help="also write Great Expectations' Data Docs of the date, and link them"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Write a folder of static pages about a run date: the ranking and each case.

    A browser needs no network to read them.
    """
    from iolaus.export.gold import Gold, age
    from iolaus.export.report import default_folder, write

    folder = (given.out or default_folder(given.lake)).absolute()
    docs = partial(_write_docs, given) if given.data_docs else None
    first = write(given.lake, folder, given.date, write_docs=docs, drawn_with=given.effective.over)
    of = given.date or Gold(given.lake).days()[-1]
    print(f"Report: {first}")
    print(f"It is of the run of {of}, {age(of)}{'' if given.date else ', the newest published'}.")
    return 0


def _write_docs(given: argparse.Namespace, folder: Path, day: "date") -> None:
    """The Data Docs of a day, or a line on standard error where no gate judged it. Costs some seconds of a core."""
    from iolaus.export.gold import Gold
    from iolaus.export.recorded_settings import of_day
    from iolaus.runtime.gates.datadocs import write_data_docs
    from iolaus.runtime.gates.history import last_summaries

    try:
        own = given.effective.over(of_day(Gold(given.lake), day)).suites
        write_data_docs(str(folder), *last_summaries(given.lake, day), own)
    except UsageError as error:
        print(f"iolaus: no Data Docs: {error}", file=sys.stderr)
