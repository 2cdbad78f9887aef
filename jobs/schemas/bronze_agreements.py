"""bronze.agreements"""

from jobs.schemas.landing import AGREEMENT
from jobs.schemas.table import DATE, Table, column

TABLE = Table(
    name="bronze.agreements",
    grain="one row an organisation and kind of agreement",
    key=("org_id", "kind"),
    columns=(*AGREEMENT[:2], column("since", DATE, "first day of the agreement", required=True)),
)
