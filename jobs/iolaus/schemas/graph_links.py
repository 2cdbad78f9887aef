"""graph.links"""

from iolaus.schemas.families import FAMILIES
from iolaus.schemas.table import DATE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="graph.links",
    grain="one row per linked pair of accounts",
    key=("run_date", "account_a", "account_b"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("account_a", STRING, "one account", required=True),
        column("account_b", STRING, "the other; account_a < account_b", required=True),
        column("key_a", LONG, "the one's account_key in features.population", required=True),
        column("key_b", LONG, "the other's", required=True),
        *(column(family, INT, f"thousandths of a bit from the family {family}", required=True) for family in FAMILIES),
        column("bits", INT, "their sum", required=True),
        column("triangles", INT, "triangles that the link closes with other links that count", required=True),
        column("verdict_id", STRING, "verdict of innocent under which the link does not count; null for one that does"),
    ),
    date="run_date",
    order=("account_a", "account_b"),
)
