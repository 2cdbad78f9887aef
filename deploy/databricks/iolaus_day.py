"""What the job of Databricks runs: `iolaus ARGUMENTS --date DAY`.

    iolaus_day.py TRIGGERED DAY ARGUMENTS…

An empty DAY is the day before TRIGGERED, the UTC date on which the job was triggered. Databricks knows no such date.
"""

import sys
from datetime import date, timedelta

from iolaus.cli import main


def arguments(triggered: str, day: str, *given: str) -> list[str]:
    """The arguments of `iolaus`."""
    return [*given, "--date", day or str(date.fromisoformat(triggered) - timedelta(days=1))]


if __name__ == "__main__":
    status = main(arguments(*sys.argv[1:]))
    # Databricks takes any exit of a script for a failure, with status 0 too.
    if status:
        sys.exit(status)
