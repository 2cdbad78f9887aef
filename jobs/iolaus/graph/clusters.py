"""graph.clusters: the members of each cluster, re-assigned by profile, under ids that last."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.graphs.lineage import carry
from iolaus.model.account_bins import bins
from iolaus.model.bits import MILLI
from iolaus.model.cleared import cleared_members
from iolaus.model.membership.families import FAMILIES
from iolaus.model.membership.judge import assign
from iolaus.model.membership.reunion import one_group, renamed
from iolaus.model.membership.typical import packed_values
from iolaus.model.population import background, size
from iolaus.model.verdicts import in_force, of_accounts, successors
from iolaus.schemas.verdicts import CONFIRMED
from iolaus.settings import Run


def transform(
    communities: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    population: DataFrame,
    behaviour: DataFrame,
    previous: DataFrame,
    verdicts: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per member. An account joins the group whose profile explains it best, or none.

    This removes innocents who share a proxy with a group, and finds members that no link reached. An account that an
    analyst cleared is held out unless new evidence ties it to the group (`iolaus.model.cleared`). A group that took
    over from the banned accounts of a confirmed cluster goes by that cluster's id.

    communities: p is a customer of the group's proxy
    | community | account_id | origin |
    |-----------|------------|--------|
    | links:a   | a          | links  |
    | links:a   | b          | links  |
    | links:a   | c          | links  |
    | links:a   | p          | links  |

    shared_values: of the group's template, card and proxy, p has the proxy alone
    | account_id | channel | value_hash | is_qualifying | n_owners | n_qualifying_owners |
    |------------|---------|------------|---------------|----------|---------------------|
    | a          | head8   | 7          | true          | 3        | 3                   |
    | b          | head8   | 7          | true          | 3        | 3                   |
    | c          | head8   | 7          | true          | 3        | 3                   |
    | a          | card    | 8          | true          | 3        | 3                   |
    | b          | card    | 8          | true          | 3        | 3                   |
    | c          | card    | 8          | true          | 3        | 3                   |
    | a          | asn     | 9          | true          | 40       | 40                  |
    | b          | asn     | 9          | true          | 40       | 40                  |
    | c          | asn     | 9          | true          | 40       | 40                  |
    | p          | asn     | 9          | true          | 40       | 40                  |

    profiles:
    | account_id | n_exchanges |
    |------------|-------------|
    | a          | 40          |
    | b          | 40          |
    | c          | 40          |
    | p          | 40          |

    population:
    | rows | account_id | owner_id | is_background | is_first_of_owner |
    |------|------------|----------|---------------|-------------------|
    | 1    | a          | a        | true          | true              |
    | 1    | b          | b        | true          | true              |
    | 1    | c          | c        | true          | true              |
    | 1    | p          | p        | true          | true              |
    | 396  | x          | x        | true          | true              |

    behaviour:
    | account_id | volume |
    |------------|--------|
    | a          | 40.0   |
    | b          | 40.0   |
    | c          | 40.0   |
    | p          | 40.0   |

    result:
    | account_id | cluster_id      | origin | event |
    |------------|-----------------|--------|-------|
    | a          | hc_19176b79d90a | links  | born  |
    | b          | hc_19176b79d90a | links  | born  |
    | c          | hc_19176b79d90a | links  | born  |
    """
    counted = size(population)
    binned = bins(behaviour, profiles, creation_places(accounts), run.settings.window_days).localCheckpoint()
    baseline = background(binned, run.settings.window_days)
    shared = shared_values.where("n_qualifying_owners >= 2")  # what counts for one owner alone is typical of no group
    binned_profiles = binned.join(packed_values(shared), "account_id", "left").localCheckpoint()
    members, linked = (
        communities.select("community", "account_id"),
        communities.where("origin = 'links'").select("community", "account_id"),
    )
    settings = run.settings.profile
    for nth in range(settings.rounds):
        if nth:
            names = one_group(
                members, share=settings.same_group, driver_edges=run.settings.graph.driver_edges
            ).localCheckpoint()
            members, linked, communities = (renamed(rows, names) for rows in (members, linked, communities))
        members = assign(
            members, linked, binned_profiles, baseline, counted, settings, run.settings.channels
        ).localCheckpoint()
    members = _without_strays(members, settings.weakest)
    force = None if verdicts.isEmpty() else in_force(verdicts, run)
    if force is not None:
        cleared = cleared_members(members.select("community", "account_id"), shared_values, force, counted.owners, run)
        members = members.join(cleared, ["community", "account_id"], "left_anti").localCheckpoint()
    of_group = Window.partitionBy("community")
    members = members.withColumn("size", F.count(F.lit(1)).over(of_group)).where(F.col("size") >= settings.fewest)
    ids = carry(
        previous.select("cluster_id", "account_id"),
        members.select("community", "account_id"),
        born_on=run.day.isoformat(),
    )
    if force is not None:
        ids = _with_successors(members, ids, previous, force, shared_values, profiles, accounts, counted.owners, run)
    origin = F.when(F.size("origins") > 1, "both").otherwise(F.element_at("origins", 1))
    origins = (
        communities.groupBy("community")
        .agg(F.collect_set("origin").alias("origins"))
        .select("community", origin.alias("origin"))
    )
    rows = members.join(F.broadcast(ids), "community").join(F.broadcast(origins), "community")
    odds = F.pow(F.lit(2.0), F.col("bits") / F.lit(float(MILLI)))
    return rows.select(
        F.lit(run.day).alias("run_date"),
        "cluster_id",
        "account_id",
        F.round(odds / (1 + odds), 4).alias("membership"),
        "bits",
        *FAMILIES,
        "reasons",
        "origin",
        "event",
        "parents",
    )


def _without_strays(members: DataFrame, weakest: float) -> DataFrame:
    """Members but for those of whom far less speaks than of the rest: whom a proxy or a client alone brings in.

    The rest is the lower quartile: where half of a pool show one thing more, the other half are not strays.
    """
    typical = F.percentile("bits", 0.25).over(Window.partitionBy("community"))
    return members.withColumn("typical", typical).where(F.col("bits") >= weakest * F.col("typical")).drop("typical")


def _with_successors(
    members: DataFrame,
    ids: DataFrame,
    previous: DataFrame,
    force: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    owners: int,
    run: Run,
) -> DataFrame:
    """`ids`, in which each successor of a confirmed cluster has its id, and names it among its parents."""
    judged = of_accounts(force).where(F.col("verdict") == CONFIRMED).select("cluster_id", "account_id")
    lived_on = previous.join(judged.select("cluster_id").distinct(), "cluster_id").select("cluster_id", "account_id")
    seeds = judged.unionByName(lived_on).distinct().localCheckpoint()
    placed = members.select("community", "account_id")
    found = successors(placed, ids, seeds, shared_values, profiles, accounts, owners, run.settings)
    taken = ids.join(found, "community", "left")
    inherits = F.col("successor_of").isNotNull()
    return taken.select(
        "community",
        F.coalesce("successor_of", "cluster_id").alias("cluster_id"),
        F.when(inherits, "successor").otherwise(F.col("event")).alias("event"),
        F.when(inherits, F.array_sort(F.array_union("parents", F.array("successor_of"))))
        .otherwise(F.col("parents"))
        .alias("parents"),
    ).localCheckpoint()


def creation_places(accounts: DataFrame) -> DataFrame:
    """(account_id, place): the rank of the account's hour of creation among all accounts, 0 to 1."""
    hour = (F.unix_timestamp("created_at") / 3600).cast("long")
    hours = accounts.groupBy(hour.alias("hour")).count()  # one row an hour of the platform's life
    before = hours.select("hour", (F.sum("count").over(Window.orderBy("hour")) - F.col("count") / 2).alias("before"))
    total = accounts.count()
    return (
        accounts.select("account_id", hour.alias("hour"))
        .join(F.broadcast(before), "hour")
        .select("account_id", (F.col("before") / F.lit(float(max(total, 1)))).alias("place"))
    )
