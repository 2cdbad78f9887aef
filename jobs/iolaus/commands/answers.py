"""Rows on standard output, as the commands that answer questions write them."""

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iolaus.export.query import Answer

FORMATS = ("table", "csv", "json")
_PIPED = 200  # columns of a table that no terminal shows


def write(answer: "Answer", form: str, most: int) -> None:
    """Print an answer as CSV or JSON with all its rows, or as a table of at most `most`."""
    from iolaus.export.query import write_csv, write_json, write_table

    if form == "csv":
        write_csv(answer, sys.stdout)
    elif form == "json":
        write_json(answer, sys.stdout)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPED
        write_table(answer, sys.stdout, width, most)
