"""What the detector would publish of groups that are innocent by construction: rows for `quality.calibration`.

No stage makes them: a second evidence and judgement take about as long as the first, whatever the number of groups on a
small day, so `iolaus run` calibrates after it has published, where a calibration is due, and `iolaus calibrate` when it
is called.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.innocent_groups import LEAST, in_common, matched
from iolaus.model.population import of_background
from iolaus.schemas.table import table
from iolaus.scoring import evidence, judgement
from iolaus.scoring.clusters import confidence, with_judgement
from iolaus.settings import Run

KINDS = 5  # of groups with one thing in common


def calibrated(
    published: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    population: DataFrame,
    behaviour: DataFrame,
    models: DataFrame,
    hand_overs: DataFrame,
    run: Run,
    groups_drawn: int,
) -> DataFrame:
    """(kind, group, n_accounts, margin_bits, confidence): each innocent group, by the rule of `scoring.clusters`.

    published: (cluster_id, account_id); groups_drawn: half of them random, where any cluster is published, and a tenth
    of each kind with one thing in common, as far as there are such; those left with fewer than LEAST accounts that were
    active are left out. Every account is taken as its own owner, so that the seats of an organisation count as
    strangers.
    """
    suspects = broadcast_if_small(published.select("account_id").distinct())
    n = max(published.select("cluster_id").distinct().count(), 1)
    known = accounts.join(population.where("is_background").select("account_id"), "account_id")
    measured = known.join(behaviour.select("account_id", "volume_class"), "account_id")
    alike, salt = -(-groups_drawn // 2), str(run.day)
    groups = in_common(known, shared_values, suspects, -(-alike // KINDS), salt).unionByName(
        matched(published, measured, suspects, -(-alike // n), salt)
    )
    own = F.col("account_id").alias("owner_id")
    strangers, alone, everybody = (
        frame.select(*(own if c == "owner_id" else F.col(c) for c in frame.columns))
        for frame in (shared_values, accounts, population)
    )
    groups = groups.join(of_background(profiles, population).select("account_id"), "account_id").localCheckpoint()
    members = _as_clusters(groups)
    found = evidence.transform(members, strangers, profiles, alone, everybody, behaviour, models, run).localCheckpoint()
    judged = judgement.transform(members, found, strangers, profiles, alone, everybody, hand_overs, run)
    sizes = groups.groupBy("kind", F.col("group").alias("cluster_id")).agg(F.count(F.lit(1)).alias("n_accounts"))
    sizes = sizes.where(F.col("n_accounts") >= LEAST).withColumn("n_owners", F.col("n_accounts"))
    rule = with_judgement(sizes, judged, run.settings.scoring).withColumn(
        "confidence", confidence(run.settings.scoring)
    )
    return rule.select("kind", F.col("cluster_id").alias("group"), "n_accounts", "margin_bits", "confidence")


def _as_clusters(groups: DataFrame) -> DataFrame:
    """The groups as rows of `graph.clusters`: a group is taken to ask about what its members ask, as a cluster is."""
    of = {"cluster_id": F.col("group"), "account_id": F.col("account_id")}
    integers = {f.name: F.lit(0) for f in table("graph.clusters").columns if f.dataType.typeName() == "integer"}
    columns = integers | of
    return groups.select(
        *(columns.get(f.name, F.lit(None)).cast(f.dataType).alias(f.name) for f in table("graph.clusters").columns)
    )
