"""graph.components"""

from iolaus.schemas.table import DATE, STRING, Table, column

TABLE = Table(
    name="graph.components",
    grain="one row per account with any link",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_id", STRING, "the account", required=True),
        column("component", STRING, "smallest account_id that links lead to", required=True),
    ),
    date="run_date",
    order=("component", "account_id"),
)
