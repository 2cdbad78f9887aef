"""`iolaus job`: one stage, or all of a layer."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_scheduled, given_key, not_in_future, not_the_lake, started
from iolaus.errors import UsageError
from iolaus.pipeline import LAYERS, STAGES, Stage, stage

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands
    from iolaus.runtime.runner import Runner


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "job", help="one stage, or all of a layer, as the scheduler calls it", description=act.__doc__
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="TABLE|LAYER",
        help=f"one of: {', '.join(s.table for s in STAGES)}; or layers: {', '.join(LAYERS)}",
    )
    add_scheduled(parser, "for stages that read it")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Run one stage, or all stages of layers, for one day: read their tables, and replace their own rows of the day.

    One stage writes its table, which `iolaus gate` judges afterwards; rows of gold are judged before they are written.
    Stages of layers run in one Spark application. Each table is judged as it is made, and gold is written when all of
    it has passed. Ends with status 3 if a critical expectation failed.
    """
    from iolaus.runtime.gates import suites
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.lock import hold
    from iolaus.runtime.runner import Runner
    from iolaus.runtime.spark.session import is_light

    wanted = _stages(given.names)
    alone = given.names[0] not in LAYERS
    not_in_future(given.date)
    not_the_lake(given.landing, given.lake)
    key = given_key()
    if not alone:
        suites.load_early()
    light = bool(given.landing) and is_light(given.landing)
    spark = started(given, light=light)
    runner = Runner(spark, given.lake, given.effective.settings, key, given.landing, journal=Journal(given.log))
    if not given.landing:
        runner.lake.must_be_there()
    with hold(runner.spark, runner.lake.uri, *([wanted[0].table] if alone else [])) as lock:
        runner.lake.guard = lock.check
        if alone:
            runner.run_stage(wanted[0], given.date)
        else:
            _run_together(runner, given, wanted)
    for made in wanted:
        print(f"{made.table} of {given.date} written to {runner.lake.path(made.table)}")
    return 0


def _stages(names: list[str]) -> list[Stage]:
    """The stages that are named, in the map's order: of one table, or of layers. Raises UsageError for other names."""
    tables = [name for name in names if name not in LAYERS]
    if not tables:
        return [s for s in STAGES if s.layer in names]
    try:
        wanted = [stage(name) for name in tables]
    except LookupError as error:
        raise UsageError(f"{error}; or name layers: {', '.join(LAYERS)}") from error
    if len(names) > 1:
        raise UsageError(f"{' '.join(names)} is more than one table; name one table, or layers: {', '.join(LAYERS)}")
    return wanted


def _run_together(runner: "Runner", given: argparse.Namespace, wanted: list[Stage]) -> None:
    """Run stages in one application, with progress, and print what their gates found."""
    from iolaus.runtime.display import print_outcomes
    from iolaus.runtime.estimates import Tracker, usual_seconds
    from iolaus.runtime.progress import Progress
    from iolaus.runtime.resume import everything

    planned = [(given.date, wanted)]
    tracker = Tracker(runner.order(everything(planned)), usual_seconds(runner.lake), runner.threads)
    try:
        with Progress(tracker) as progress:
            runner.on_event = progress.on_event
            runner.work(planned)
    finally:
        print_outcomes(runner.gate.outcomes)
