"""quality.results"""

from iolaus.schemas.table import BOOLEAN, DATE, DOUBLE, STRING, TIMESTAMP, Table, column

TABLE = Table(
    name="quality.results",
    grain="one row per expectation, day and run",
    key=("run_date", "run_id", "table_name", "metric", "severity"),
    columns=(
        column("run_date", DATE, "the day whose rows were judged", required=True),
        column("run_id", STRING, "the run that judged them", required=True),
        column("judged_at", TIMESTAMP, "when", required=True),
        column("table_name", STRING, "table, or folder of the landing", required=True),
        column("metric", STRING, "what was measured of it", required=True),
        column("severity", STRING, "critical, which stops a run; warning; info", required=True),
        column("success", BOOLEAN, "whether the metric is within its bounds", required=True),
        column("observed", DOUBLE, "the metric; null where there is nothing to measure, which passes"),
        column("at_least", DOUBLE, "its lower bound; null for none"),
        column("at_most", DOUBLE, "its upper bound; null for none"),
        column("reason", STRING, "why it is expected", required=True),
        column("rows_at", STRING, "where the rows lie, and which they are", required=True),
    ),
    date="run_date",
)
