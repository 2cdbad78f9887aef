"""scoring.evidence: what speaks for a cluster, each piece against the background of the same data."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.evidence.behaviour import behaviours, succession
from iolaus.model.evidence.ownership import identity, pool
from iolaus.model.evidence.piece import unexplained
from iolaus.model.evidence.subject import subject
from iolaus.model.evidence.synchronised import synchronised
from iolaus.model.explanations import explanations
from iolaus.model.population import of_background, size
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(
    clusters: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    population: DataFrame,
    behaviour: DataFrame,
    models: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per cluster and channel with any evidence, and one for each innocent explanation that was considered.

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |
    | hc_1       | c          |

    shared_values: three members have one card, as does one other owner
    | account_id | owner_id | channel | value_hash | is_qualifying | n_owners | n_qualifying_owners |
    |------------|----------|---------|------------|---------------|----------|---------------------|
    | a          | a        | card    | 7          | true          | 4        | 4                   |
    | b          | b        | card    | 7          | true          | 4        | 4                   |
    | c          | c        | card    | 7          | true          | 4        | 4                   |
    | x          | x        | card    | 7          | true          | 4        | 4                   |

    population: 400 owners
    | rows | account_id | owner_id | is_background | is_first_of_owner |
    |------|------------|----------|---------------|-------------------|
    | 1    | a          | a        | true          | true              |
    | 1    | b          | b        | true          | true              |
    | 1    | c          | c        | true          | true              |
    | 397  | x          | x        | true          | true              |

    profiles:
    | account_id | n_exchanges |
    |------------|-------------|
    | a          | 40          |
    | b          | 40          |
    | c          | 40          |

    result: where channel = 'card'
    | kind         | bits | background | description                                                            |
    |--------------|------|------------|------------------------------------------------------------------------|
    | coordination | 7644 | 0.005      | All 3 accounts share one payment card (under 1% of other accounts do). |
    """
    settings, owners = run.settings.scoring, size(population).owners
    members = clusters.select("cluster_id", "account_id")
    sizes = members.groupBy("cluster_id").agg(F.count(F.lit(1)).alias("size"))
    everybody = of_background(profiles, population)
    known_profiles = everybody.join(accounts.drop("run_date", "key_id", "owner_id"), "account_id", "left")
    # a row a cluster at most
    together = synchronised(members, everybody, settings, run.settings.channels.synchrony).localCheckpoint()
    in_step = together.where(F.col("bits") >= int(settings.shown * MILLI)).select("cluster_id")
    innocent = explanations(clusters, sizes, shared_values, known_profiles, in_step, owners, run).localCheckpoint()
    pieces = (
        together,
        identity(members, sizes, shared_values, owners, settings, run.settings.channels),
        pool(members, sizes, shared_values, owners, settings),
        behaviours(members, behaviour.join(everybody.select("account_id", "activity"), "account_id"), models, run),
        succession(
            members, known_profiles.join(behaviour.select("account_id", "volume_class"), "account_id"), settings
        ),
        *subject(members, everybody, run),
    )
    fits = innocent.where("explains").select("cluster_id", "channel")
    left, taken = unexplained(reduce(DataFrame.unionByName, pieces), fits, sizes, settings)
    told = innocent.drop("explains").join(taken, ["cluster_id", "channel"], "left")
    told = told.withColumn("taken", F.coalesce("taken", F.create_map().cast("map<string,double>")))
    none = {"fit": F.lit(None).cast("string"), "taken": F.lit(None).cast("map<string,double>")}
    rows = left.withColumns(none).unionByName(told)
    return rows.select(
        F.lit(run.day).alias("run_date"), *(f for f in table("scoring.evidence").schema.fieldNames() if f != "run_date")
    )
