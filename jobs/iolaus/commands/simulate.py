"""`iolaus simulate`: a landing folder with planted campaigns."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_spark, started

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands

LIGHT_EXCHANGES = 25_000  # fewer are simulated without compiling queries: see iolaus.runtime.spark.session


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("simulate", help="a landing folder with planted campaigns", description=act.__doc__)
    parser.add_argument("--out", required=True, metavar="DIR", help="landing folder to make; the truth goes beside it")
    parser.add_argument(
        "--scenario",
        default="february",
        help="february (default), quiet (no campaign), crowd (a million accounts, few exchanges each) or demo",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="share of the scenario's full size; default 1")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same rows; default 1")
    parser.add_argument("--days", type=int, help="days of traffic; default: the scenario's")
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Make a landing folder of ordinary traffic and planted campaigns, and the truth beside it."""
    from iolaus.simulate.landing import simulate
    from iolaus.simulate.plan import plan

    planned = plan(given.scenario, given.scale, given.seed, given.days)
    light = planned.exchanges_a_day * planned.days < LIGHT_EXCHANGES
    spark = started(given, light=light)
    made = simulate(spark, given.out, given.scenario, given.scale, given.seed, days=given.days)
    print(
        f"{made.exchanges} exchanges of {made.accounts} accounts, {made.fraudulent} of them fraudulent, "
        f"from {made.first_day} to {made.last_day}, in {made.out}; the truth is in {made.truth}"
    )
    return 0
