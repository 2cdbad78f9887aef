"""bronze.agreements"""

from iolaus.schemas.landing import AGREEMENT
from iolaus.schemas.table import Table

TABLE = Table(
    name="bronze.agreements",
    grain="one row per organisation and kind of agreement, as last delivered",
    key=("org_id", "kind"),
    columns=AGREEMENT,
)
