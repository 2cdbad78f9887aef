"""graph.communities"""

from iolaus.schemas.table import DATE, STRING, Table, column

TABLE = Table(
    name="graph.communities",
    grain="one row per account and group: a hypothesis of who belongs together; an account may be in several",
    key=("run_date", "community", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("community", STRING, "label of the group: what it was found by, and that one's name", required=True),
        column("account_id", STRING, "the account", required=True),
        column(
            "origin",
            STRING,
            "links: dense in links; template: users of one; conversation: accounts that continue each other's; both: "
            "several of these; content: programs of one subject",
            required=True,
        ),
    ),
    date="run_date",
    order=("community", "account_id"),
)
