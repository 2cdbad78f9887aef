"""gold.suspect_clusters"""

from iolaus.schemas.scoring_clusters import CLUSTER
from iolaus.schemas.table import DATE, INT, STRING, Table, column

TABLE = Table(
    name="gold.suspect_clusters",
    grain="one row per published cluster",
    key=("run_date", "cluster_id"),
    columns=(
        column("run_date", DATE, "date of the run: what was known at its end", required=True),
        column("rank", INT, "1 for the worst", required=True),
        *CLUSTER,
        column("first_flagged", DATE, "first run that listed the cluster without a break since", required=True),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("rank",),
)
