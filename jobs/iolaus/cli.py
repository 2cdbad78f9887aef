"""The command `iolaus`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from iolaus.commands import (
    account,
    adapt,
    alert,
    calibrate,
    case,
    catalog,
    compare,
    drop_day,
    export,
    gate,
    job,
    maintain,
    match,
    metrics,
    quality,
    query,
    report,
    run,
    settings,
    simulate,
    upgrade,
    verdict,
    whatif,
)
from iolaus.commands.arguments import add_settings
from iolaus.errors import GateError, RunError, UsageError, one_line
from iolaus.settings_file import read
from iolaus.version import code_version

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands

FAILED, UNUSABLE, GATED = 1, 2, 3  # and 0: done
# modules of the extra `spark`
SPARK_MODULES = ("pyspark", "py4j", "delta", "great_expectations", "pandas", "scipy", "orjson")
_PLACES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
COMMANDS = (
    run,
    job,
    gate,
    quality,
    metrics,
    simulate,
    adapt,
    query,
    report,
    account,
    verdict,
    case,
    export,
    match,
    maintain,
    drop_day,
    upgrade,
    settings,
    whatif,
    compare,
    calibrate,
    alert,
    catalog,
)  # in the order of `iolaus --help`


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 done, 1 failed, 2 unusable arguments, 3 stopped by a gate."""
    given = parser().parse_args(arguments)
    try:
        given.effective = read(getattr(given, "lake", None), given.settings_file, given.set)
        return _done(given)
    except UsageError as error:
        return _say(str(error), UNUSABLE)
    except GateError as error:
        return _say(str(error), GATED)
    except RunError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say(
            "interrupted; what was written is whole, and the same command goes on from there (a run: with --resume)",
            FAILED,
        )
    except Exception as error:  # a bug, or Spark's: one line for the user, the trace for whoever asks
        if given.debug:
            raise
        return _say(*_told(error))


def _done(given: argparse.Namespace) -> int:
    """The exit status of a command. It is 0 if the reader of its output, such as `head`, closed the pipe early."""
    act: Callable[[argparse.Namespace], int] = given.act
    try:
        status = act(given)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more when it ends
        return 0
    return status


def _told(error: Exception) -> tuple[str, int]:
    """What to say of an error that nobody foresaw, and the exit status."""
    if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] in SPARK_MODULES:
        return (
            f"this needs {error.name}, which is not installed; install it with: pip install 'iolaus[spark]'",
            UNUSABLE,
        )
    if isinstance(error, _PLACES) and error.filename:
        return (
            f"{error.filename} cannot be used ({error.strerror}); name a place that is there and may be written",
            UNUSABLE,
        )
    from iolaus.runtime.failures import explain
    from iolaus.runtime.spark.log_file import log_file

    return f"{explain(error)} (the whole trace: the same command with --debug; Spark's log: {log_file()})", FAILED


def _say(message: str, status: int) -> int:
    print(f"iolaus: {one_line(message, 2000)}", file=sys.stderr)  # it may quote what is in the landing
    return status


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with every command; the reference of commands is made from it."""
    made = argparse.ArgumentParser(
        prog="iolaus", description="Finds networks of accounts through which one operator distils a language model."
    )
    made.add_argument("--version", action=_Version, nargs=0, help="show the version of the code and exit")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for added in _innermost(commands):
        add_settings(added)
        added.add_argument("--debug", action="store_true", help="show the whole trace of an error")
    return made


class _Version(argparse.Action):
    """Asked for alone: git is not asked at every start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"iolaus {code_version()}")
        parser.exit()


def _innermost(commands: "Commands") -> Iterator[argparse.ArgumentParser]:
    """The parsers of commands, or of what they take for a command of their own, as `export` does."""
    for added in commands.choices.values():
        own = [action for action in added._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - named nowhere else
        yield from _innermost(own[0]) if own else (added,)


if __name__ == "__main__":
    sys.exit(main())
