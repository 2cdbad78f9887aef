"""The command `iolaus`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import jobs
from jobs.errors import GateError, RunError, UsageError
from jobs.pipeline import STAGES, stage
from jobs.settings import DEFAULT, Key

DONE, FAILED, UNUSABLE, GATED = 0, 1, 2, 3
LIGHT_EXCHANGES = 25_000  # fewer are simulated without compiling queries: see jobs.runtime.session


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 done, 1 failed, 2 unusable arguments, 3 stopped by a gate."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        act: Callable[[argparse.Namespace], int] = given.act
        return act(given)
    except UsageError as error:
        return _say(str(error), UNUSABLE)
    except GateError as error:
        return _say(str(error), GATED)
    except RunError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; what was written is whole, and the same command goes on from there", FAILED)
    except Exception as error:  # a bug, or Spark's: one line for the user, the trace for whoever asks
        if given.debug:
            raise
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return _say(
            f"{type(error).__name__}: {first[:300]} (the whole trace: the same command with --debug; Spark's log: {_spark_log()})", FAILED
        )


def _spark_log() -> str:
    from jobs.runtime.session import log_file

    return str(log_file())


def _say(message: str, status: int) -> int:
    print(f"iolaus: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iolaus", description="Finds networks of accounts through which one operator distils a language model."
    )
    parser.add_argument("--version", action="version", version=f"iolaus {jobs.__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--master", help="Spark master, as spark://host:7077; default: all cores of this machine")
    common.add_argument("--memory", default="3g", help="heap of the driver on local Spark; default 3g")
    common.add_argument("--debug", action="store_true", help="show the whole trace of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", parents=[common], help="the whole pipeline, for each day in order", description=_run.__doc__)
    run.add_argument("--landing", required=True, metavar="URI", help="folder that gateways append to")
    run.add_argument("--lake", required=True, metavar="URI", help="folder of the tables; made if there is none")
    run.add_argument("--date", type=_date, metavar="D", help="one day, YYYY-MM-DD; default: every day of the landing")
    run.add_argument("--from", dest="first", type=_date, metavar="D", help="first day of a range")
    run.add_argument("--to", dest="last", type=_date, metavar="D", help="last day of a range")
    run.add_argument("--last-only", action="store_true", help="load every day, but search and publish the last alone: for a first load")
    run.set_defaults(act=_run)

    job = commands.add_parser("job", parents=[common], help="one stage, as the scheduler calls it", description=_job.__doc__)
    job.add_argument("table", metavar="TABLE", help=f"one of: {', '.join(s.table for s in STAGES)}")
    job.add_argument("--date", type=_date, required=True, metavar="D", help="the day, YYYY-MM-DD")
    job.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    job.add_argument("--landing", metavar="URI", help="folder that gateways append to; for stages that read it")
    job.set_defaults(act=_job)

    simulate = commands.add_parser(
        "simulate", parents=[common], help="a landing folder with planted campaigns", description=_simulate.__doc__
    )
    simulate.add_argument("--out", required=True, metavar="DIR", help="landing folder to make; the truth goes beside it")
    simulate.add_argument("--scenario", default="february", help="february (default) or quiet")
    simulate.add_argument("--scale", type=float, default=1.0, help="share of the scenario's full size; default 1")
    simulate.add_argument("--seed", type=int, default=1, help="the same seed makes the same rows; default 1")
    simulate.add_argument("--days", type=int, help="days of traffic; default: the scenario's")
    simulate.set_defaults(act=_simulate)
    return parser


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it as 2026-03-15") from error


def _key() -> Key:
    from jobs.runtime.secret import is_weak, load_key

    key = load_key()
    if is_weak(key):
        print("iolaus: the pseudonymisation key is short enough to guess; make one with: openssl rand -hex 32", file=sys.stderr)
    return key


def _run(given: argparse.Namespace) -> int:
    """Run the whole pipeline for each day in order, and print the ranking of the last."""
    from jobs.runtime.display import Progress, print_ranking
    from jobs.runtime.landing import Landing
    from jobs.runtime.runner import Runner, schedule
    from jobs.runtime.session import is_light, session

    key = _key()
    if given.date and (given.first or given.last):
        raise UsageError("--date names one day and --from with --to a range; give one of the two")
    if bool(given.first) != bool(given.last):
        raise UsageError("a range has a --from and a --to; give both")
    if given.first and given.first > given.last:
        raise UsageError(f"--from {given.first} is after --to {given.last}; exchange them")
    spark = session(given.master, memory=given.memory, light=is_light(given.landing))
    days = (
        [given.date]
        if given.date
        else [given.first + timedelta(days=i) for i in range((given.last - given.first).days + 1)]
        if given.first
        else []
    )
    if not days:
        days = Landing(spark, given.landing).days()
        if not days:
            raise UsageError(f"the landing {given.landing} has no folder exchanges/dt=YYYY-MM-DD; put exchanges there, or name a --date")
    with Progress(sum(len(stages) for _, stages in schedule(days, last_only=given.last_only))) as progress:
        runner = Runner(spark, given.lake, DEFAULT, key, given.landing, progress.on_event)
        touched = runner.run(days, last_only=given.last_only)
    print_ranking(runner.ranking(days[-1]), days[-1], given.lake, runner.counts(days[-1]))
    for day, earlier in touched.items():
        missed = [d for d in earlier if d not in days]
        if missed:
            late = ", ".join(map(str, missed))
            print(
                f"Exchanges of {late} arrived on {day} and were added there; to publish those days anew, run from the first of them again."
            )
    return DONE


def _job(given: argparse.Namespace) -> int:
    """Run one stage for one day: read its tables, replace the day's rows of its own."""
    from jobs.runtime.runner import Runner
    from jobs.runtime.session import is_light, session

    try:
        wanted = stage(given.table)
    except LookupError as error:
        raise UsageError(str(error)) from error
    key = _key()
    light = bool(given.landing) and is_light(given.landing)
    runner = Runner(session(given.master, memory=given.memory, light=light), given.lake, DEFAULT, key, given.landing)
    runner.run_stage(wanted, given.date)
    print(f"{given.table} of {given.date} written to {runner.lake.path(given.table)}")
    return DONE


def _simulate(given: argparse.Namespace) -> int:
    """Make a landing folder of ordinary traffic and planted campaigns, and the truth beside it."""
    from jobs.runtime.session import session
    from jobs.simulate.landing import simulate
    from jobs.simulate.plan import plan

    planned = plan(given.scenario, given.scale, given.seed, given.days)
    light = planned.exchanges_a_day * planned.days < LIGHT_EXCHANGES
    spark = session(given.master, memory=given.memory, light=light)
    made = simulate(spark, given.out, given.scenario, given.scale, given.seed, days=given.days)
    print(
        f"{made.exchanges} exchanges of {made.accounts} accounts, {made.fraudulent} of them fraudulent, "
        f"from {made.first_day} to {made.last_day}, in {made.out}; the truth is in {made.truth}"
    )
    return DONE


if __name__ == "__main__":
    sys.exit(main())
