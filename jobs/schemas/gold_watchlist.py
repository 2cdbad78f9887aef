"""gold.watchlist"""

from jobs.schemas.scoring_clusters import CLUSTER
from jobs.schemas.table import DATE, INT, Table, column

TABLE = Table(
    name="gold.watchlist",
    grain="one row a cluster of low confidence, not published",
    key=("run_date", "cluster_id"),
    columns=(
        column("run_date", DATE, "date of the run: what was known at its end", required=True),
        column("rank", INT, "1 for the worst", required=True),
        *CLUSTER,
        column("first_flagged", DATE, "first run that listed the cluster without a break since", required=True),
    ),
    date="run_date",
    order=("rank",),
)
