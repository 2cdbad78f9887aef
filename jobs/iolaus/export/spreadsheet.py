"""Tables as CSV for spreadsheets, a column at a time: no text is a formula, and none acts on who reads it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

_HIDDEN = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Cf}\p{Co}]"  # control, format and private characters; line ends stay
_FORMULA = r"^( *[=+\-@\t\r\n＝＋－＠])"  # as in iolaus.export.inert
_MARK = b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8


def write_csv(path: Path, rows: pa.Table) -> None:
    """A table as CSV with a header.

    Lists of text are joined by semicolons; text that would be a formula is behind an apostrophe.
    """
    defused = pa.table({name: _defused(rows[name]) for name in rows.column_names})
    with path.open("wb") as out:
        out.write(_MARK)
        csv.write_csv(defused, out)


def _defused(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, "; ")
    if not pa.types.is_string(column.type):
        return column
    shown = pc.replace_substring_regex(column, pattern=_HIDDEN, replacement="\N{REPLACEMENT CHARACTER}")
    return pc.replace_substring_regex(shown, pattern=_FORMULA, replacement=r"'\1")
