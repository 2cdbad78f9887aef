"""quality.quarantine"""

from iolaus.schemas.table import BINARY, DATE, STRING, Table, array_of, column

TABLE = Table(
    name="quality.quarantine",
    grain="one row per rejected line or unreadable file of the landing",
    key=(),
    columns=(
        column(
            "arrived_on",
            DATE,
            "day of arrival: the landing folder's dt, or the run's date for undated files",
            required=True,
        ),
        column("source", STRING, "landing folder: exchanges, accounts, models or agreements", required=True),
        column("source_file", STRING, "landing file", required=True),
        column("reasons", array_of(STRING), "why it was rejected, as 'wrong_type: turn_index'", required=True),
        column("row", STRING, "the line, whole; bytes that are no UTF-8 are replaced"),
        column("row_bytes", BINARY, "the line's bytes, where they are no valid UTF-8"),
    ),
    date="arrived_on",
)
