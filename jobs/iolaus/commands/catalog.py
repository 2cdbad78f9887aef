"""`iolaus catalog`: the lake's tables under names."""

import argparse
import sys
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_catalog, add_spark, started
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands
    from iolaus.runtime.lake import Lake


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("catalog", help="register the lake's tables under names", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    add_catalog(parser, required=True)
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Register every table of the lake in a schema of Spark's catalog, where it lies, with its comments.

    Makes views of the newest published run date beside them, for analysts. Needs no key; may be repeated.
    """
    from iolaus.runtime.catalog import register
    from iolaus.runtime.lake import Lake

    lake = Lake(started(given), given.lake, given.effective.settings.window_days)
    lake.must_be_there()
    lake.check_format()
    for name in register(lake, given.catalog):
        print(name.replace("`", ""))
    return 0


def register_published(lake: "Lake", given: argparse.Namespace) -> None:
    """Register what a run wrote, where an option or a setting names schemas. A run that ended does not fail for it."""
    from iolaus.runtime.catalog import register

    for schema in [given.catalog] if given.catalog else given.effective.settings.execution.catalogs:
        try:
            n = sum(1 for _ in register(lake, schema))
            print(f"Catalog: {n} tables and views in {schema}")
        except UsageError as error:
            print(f"iolaus: {schema} was not renewed: {error}", file=sys.stderr)
