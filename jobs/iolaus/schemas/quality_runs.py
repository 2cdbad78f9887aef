"""quality.runs"""

from iolaus.schemas.table import DATE, DOUBLE, LONG, STRING, TIMESTAMP, Table, column

TABLE = Table(
    name="quality.runs",
    grain="one row per stage, day made and run",
    key=("run_date", "run_id", "table_name", "made_date"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("run_id", STRING, "id of the run, which gold rows and Delta's history carry too", required=True),
        column("table_name", STRING, "the table that was made", required=True),
        column(
            "made_date",
            DATE,
            "the day of its rows: the date, or an earlier one for which exchanges arrived",
            required=True,
        ),
        column("began_at", TIMESTAMP, "when the stage began", required=True),
        column("seconds", DOUBLE, "how long reading, making, writing and judging took; stages overlap", required=True),
        column(
            "status",
            STRING,
            "written, stopped (by a gate, before it was written), failed, or dropped (the run date was taken back)",
            required=True,
        ),
        column("rows_in", LONG, "rows of its inputs together, where all are known"),
        column("rows_out", LONG, "rows written"),
        column("bytes_out", LONG, "bytes written"),
        column("version", LONG, "Delta version of the table that the rows were written in"),
        column("code_version", STRING, "version of the code", required=True),
        column("settings", STRING, "digest of the settings", required=True),
        column("key_id", STRING, "id of the pseudonymisation key", required=True),
        column("error", STRING, "why it failed, in one line"),
    ),
    date="run_date",
)
