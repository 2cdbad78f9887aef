"""`iolaus gate`: the expectations of tables."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_scheduled, started
from iolaus.errors import UsageError
from iolaus.settings import Key

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("gate", help="judge tables of one day by their expectations", description=act.__doc__)
    parser.add_argument(
        "tables",
        nargs="+",
        metavar="TABLE",
        help="a table, as silver.exchanges, or landing.accounts, landing.models or landing.agreements; of several "
        "each is judged",
    )
    add_scheduled(parser, "for what lies there")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Judge the rows of tables for a day, and write the results to quality/results.

    Ends with status 3 if a critical expectation failed.
    """
    from iolaus.runtime.display import print_outcomes
    from iolaus.runtime.gates import suites
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.runner import Runner

    try:
        for name in given.tables:
            suites.suite(name, given.effective.settings.suites)
    except LookupError as error:
        raise UsageError(str(error)) from error
    suites.load_early()
    spark = started(given)
    no_key = Key(b"")  # nothing is pseudonymised here
    runner = Runner(spark, given.lake, given.effective.settings, no_key, given.landing, journal=Journal(given.log))
    if not given.landing:
        runner.lake.must_be_there()
    try:
        runner.check(given.tables, given.date)
    finally:
        print_outcomes(runner.gate.outcomes)
    return 0
