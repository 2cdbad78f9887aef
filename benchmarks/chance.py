"""How many links chance makes, and how many groups with synchronised activity.

Values, and accounts, are redistributed at random and counted.

What a link may rest on is stated in `docs/explanation/finding.md`: among N accounts, pairs that reach log2(N) + 1
bits by chance are at most N / 2, and nearly none of those also close triangles. Here a lake's own day is shuffled: each
group of channels (views of one fact) is dealt to accounts by a permutation of its own, so every value keeps its owners'
number, and every account's values of one fact stay together, but nothing ties one fact to another.

Then accounts that are in no cluster are dealt into groups, and those counted on whose days the group shows synchronised
activity.

    python benchmarks/chance.py --lake LAKE --date D [--seeds 3]
"""

import argparse
import sys
from dataclasses import replace
from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

import iolaus.graph.links
import iolaus.pairs.cohort
import iolaus.pairs.content
import iolaus.pairs.infrastructure
import iolaus.pairs.synchrony
import iolaus.pairs.templates
from iolaus.model.judgement.facts import FACT
from iolaus.model.signals import CHANNEL, CHANNELS
from iolaus.model.synchronised_activity import synchronised_activity
from iolaus.pipeline import Span
from iolaus.runtime.lake import Lake
from iolaus.runtime.spark.session import session
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run

GROUPS = sorted({c.group for c in CHANNELS})
SIZES = (5, 10, 30, 100)  # accounts of a group that is dealt


def permuted(accounts: DataFrame, seed: int) -> DataFrame:
    """(account_id, group, owner_id, new_account).

    For each group of channels, a permutation of the accounts (account_id, owner_id).
    """
    each = accounts.select("account_id", "owner_id", F.explode(F.array(*map(F.lit, GROUPS))).alias("group"))
    by_name = Window.partitionBy("group").orderBy("account_id")
    by_chance = Window.partitionBy("group").orderBy(F.xxhash64(F.lit(seed), "group", "account_id"), "account_id")
    numbered = each.withColumn("n", F.row_number().over(by_name))
    drawn = each.select(
        "group",
        F.col("account_id").alias("new_account"),
        F.col("owner_id").alias("new_owner"),
        F.row_number().over(by_chance).alias("n"),
    )
    return (
        numbered.join(drawn, ["group", "n"]).select("account_id", "group", "new_account", "new_owner").localCheckpoint()
    )


def shuffled_links(
    shared_values: DataFrame, profiles: DataFrame, accounts: DataFrame, population: DataFrame, run: Run, seed: int
) -> DataFrame:
    """`graph.links` of a day whose values are redistributed, each with the triangles that it closes, be it none."""
    active = profiles.select("account_id").join(
        accounts.where("agreement is null").select("account_id", "owner_id"), "account_id"
    )
    permutation = permuted(active, seed)
    group = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.group)))[F.col("channel")]
    moved = shared_values.withColumn("group", group).join(permutation, ["account_id", "group"])
    new = {"account_id": "new_account", "owner_id": "new_owner", "account_key": "new_key"}
    moved = moved.join(
        population.select(F.col("account_id").alias("new_account"), F.col("account_key").alias("new_key")),
        "new_account",
    )
    shared_values = moved.select(*(F.col(new.get(c, c)).alias(c) for c in shared_values.columns))

    def permuted_columns(frame: DataFrame, name: str, columns: tuple[str, ...]) -> DataFrame:
        """The frame with `columns` dealt as the group `name` is."""
        values = frame.select("account_id", *columns).join(permutation.where(F.col("group") == name), "account_id")
        return (
            frame.drop(*columns)
            .join(values.select(F.col("new_account").alias("account_id"), *columns), "account_id")
            .select(*frame.columns)
        )

    profiles = permuted_columns(
        permuted_columns(profiles, "subject", ("vector", "prompt_words")), "minutes", ("slots",)
    ).localCheckpoint()
    accounts = permuted_columns(accounts, "creation", ("created_at",)).localCheckpoint()
    shared_values = shared_values.localCheckpoint()
    found = [
        iolaus.pairs.infrastructure.transform(shared_values, population, run),
        iolaus.pairs.templates.transform(shared_values, population, run),
        iolaus.pairs.content.transform(profiles, population, run),
    ]
    infrastructure, templates, content = (f.localCheckpoint() for f in found)
    synchrony = iolaus.pairs.synchrony.transform(profiles, population, infrastructure, templates, content, run)
    cohort = iolaus.pairs.cohort.transform(accounts, population, infrastructure, templates, content, run)
    every = replace(run, settings=replace(run.settings, graph=replace(run.settings.graph, triangles=0)))
    verdicts = shared_values.sparkSession.createDataFrame([], table("verdicts.given").schema)
    links: DataFrame = iolaus.graph.links.transform(
        infrastructure, templates, content, synchrony, cohort, population, verdicts, every
    )
    return links.localCheckpoint()


def random_groups(profiles: DataFrame, clusters: DataFrame, size: int, seed: int) -> DataFrame:
    """(cluster_id, account_id): the accounts of no cluster, in groups of `size` by chance.

    Those left over are in none.
    """
    free = (
        profiles.where(F.size("slots") > 0)
        .select("account_id")
        .join(clusters.select("account_id"), "account_id", "left_anti")
    )
    order = Window.orderBy(F.xxhash64(F.lit(seed), F.lit(size), "account_id"), "account_id")
    numbered = free.withColumn("group", F.floor((F.row_number().over(order) - 1) / size)).localCheckpoint()
    whole = numbered.where(F.col("group") < numbered.count() // size)
    return whole.select(F.col("group").cast("string").alias("cluster_id"), "account_id")


def main() -> int:
    """Print, for each seed, the links by chance, the budget, and those that close enough triangles.

    Then groups with synchronised activity.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True, help="a lake that `iolaus run` made")
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="a day that was run")
    parser.add_argument("--seeds", type=int, default=3, help="deals to make; default 3")
    given = parser.parse_args()
    run = Run(given.date, DEFAULT, Key(b"no key is needed"))
    lake = Lake(session(), given.lake, DEFAULT.window_days)
    shared_values, profiles, known, population = (
        lake.read(name, Span.DAY, given.date).localCheckpoint()
        for name in ("features.account_values", "features.account_profiles", "silver.accounts", "features.population")
    )
    accounts = profiles.count()
    real = lake.read("graph.links", Span.DAY, given.date).count()
    print(f"{accounts} accounts; links of the day as it was: {real}")
    print(f"{'seed':>4} {'by chance':>9} {'budget':>7} {'kept':>5}")
    for seed in range(1, given.seeds + 1):
        links = shuffled_links(shared_values, profiles, known, population, run, seed)
        kept = links.where(F.col("triangles") >= DEFAULT.graph.triangles).count()
        print(f"{seed:4} {links.count():9} {accounts // 2:7} {kept:5}", flush=True)
    clusters = lake.read("graph.clusters", Span.DAY, given.date).localCheckpoint()
    # days from which on the judgement calls it steady
    enough = int(FACT["clock"].bounds[-1] / DEFAULT.scoring.synchronised_each)
    print(f"{'seed':>4} {'size':>5} {'groups':>6} {'in step on a day':>16} {'on three':>8} {f'on {enough}':>6}")
    for seed in range(1, given.seeds + 1):
        for size in SIZES:
            groups = random_groups(profiles, clusters, size, seed).localCheckpoint()
            days = synchronised_activity(groups, profiles, DEFAULT.scoring).select("days").localCheckpoint()
            some, three, all_ = (days.where(F.col("days") >= least).count() for least in (1, 3, enough))
            print(
                f"{seed:4} {size:5} {groups.select('cluster_id').distinct().count():6} {some:16} {three:8} {all_:6}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
