"""`iolaus report`: pages about a run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.commands.arguments import day

if TYPE_CHECKING:
    from jobs.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("report", help="pages about a run: its ranking, and every case", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the latest")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the pages; default: report, beside a lake on a file system")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Write a folder of static pages about a run date: the ranking and each case, to be opened in a browser, with no network."""
    from jobs.export.report import default_folder, write

    first = write(given.lake, (given.out or default_folder(given.lake)).absolute(), given.date)
    print(f"Report: {first}")
    return 0
