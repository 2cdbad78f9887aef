"""gold.watchlist"""

from dataclasses import replace

from iolaus.schemas.gold_suspect_clusters import TABLE as SUSPECTS

# An analyst moves from one list to the other: the columns are the same.
TABLE = replace(SUSPECTS, name="gold.watchlist", grain="one row per cluster of low confidence, not published")
