"""quality.summaries"""

from iolaus.schemas.table import DATE, DOUBLE, STRING, TIMESTAMP, Table, column, map_of

TABLE = Table(
    name="quality.summaries",
    grain="one row per table, day and run: the metrics that its expectations judge, and later days are compared with",
    key=("run_date", "run_id", "table_name"),
    columns=(
        column("run_date", DATE, "the day whose rows were measured", required=True),
        column("run_id", STRING, "the run that measured them", required=True),
        column("judged_at", TIMESTAMP, "when", required=True),
        column("table_name", STRING, "table, or folder of the landing", required=True),
        column("metrics", map_of(DOUBLE), "metrics by name; what could not be measured is absent", required=True),
    ),
    date="run_date",
)
