"""features.account_days"""

from iolaus.schemas.sketch import SKETCH
from iolaus.schemas.table import DATE, STRING, Table, column

TABLE = Table(
    name="features.account_days",
    grain="one row per account and day: additive sketches of its exchanges",
    key=("happened_on", "account_id"),
    columns=(
        column("happened_on", DATE, "UTC day of the exchanges", required=True),
        column("account_id", STRING, "the account", required=True),
        *SKETCH,
    ),
    date="happened_on",
    order=("account_id",),
)
