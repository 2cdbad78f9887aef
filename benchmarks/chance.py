"""How many links chance makes, and how many groups in lockstep: values, and accounts, are dealt anew and counted.

What a link may rest on is stated in `docs/method.md`: among N accounts, pairs that reach log2(N) + 1 bits by chance are
at most N / 2, and those of them that also close triangles are nearly none. Here a lake's own day is shuffled: each group
of channels (views of one fact) is dealt to accounts by a permutation of its own, so every value keeps its owners' number,
and every account's values of one fact stay together, but nothing ties one fact to another.

Then accounts that are in no cluster are dealt into groups, and those counted on whose days the group is in lockstep.

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
from iolaus.model.lockstep import lockstep
from iolaus.model.signals import CHANNEL, CHANNELS
from iolaus.pipeline import Span
from iolaus.runtime.lake import Lake
from iolaus.runtime.spark.session import session
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run

GROUPS = sorted({c.group for c in CHANNELS})
SIZES = (5, 10, 30, 100)  # accounts of a group that is dealt


def dealt(accounts: DataFrame, seed: int) -> DataFrame:
    """(account_id, group, owner_id, dealt_to): for each group of channels, a permutation of the accounts (account_id, owner_id)."""
    each = accounts.select("account_id", "owner_id", F.explode(F.array(*map(F.lit, GROUPS))).alias("group"))
    by_name = Window.partitionBy("group").orderBy("account_id")
    by_chance = Window.partitionBy("group").orderBy(F.xxhash64(F.lit(seed), "group", "account_id"), "account_id")
    numbered = each.withColumn("n", F.row_number().over(by_name))
    drawn = each.select(
        "group", F.col("account_id").alias("dealt_to"), F.col("owner_id").alias("new_owner"), F.row_number().over(by_chance).alias("n")
    )
    return numbered.join(drawn, ["group", "n"]).select("account_id", "group", "dealt_to", "new_owner").localCheckpoint()


def shuffled_links(tokens: DataFrame, embeddings: DataFrame, accounts: DataFrame, population: DataFrame, run: Run, seed: int) -> DataFrame:
    """`graph.links` of a day whose values are dealt anew, each with the triangles that it closes, be it none."""
    active = embeddings.select("account_id").join(accounts.where("agreement is null").select("account_id", "owner_id"), "account_id")
    deal = dealt(active, seed)
    group = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.group)))[F.col("channel")]
    moved = tokens.withColumn("group", group).join(deal, ["account_id", "group"])
    new = {"account_id": "dealt_to", "owner_id": "new_owner", "account_key": "new_key"}
    moved = moved.join(population.select(F.col("account_id").alias("dealt_to"), F.col("account_key").alias("new_key")), "dealt_to")
    tokens = moved.select(*(F.col(new.get(c, c)).alias(c) for c in tokens.columns))

    def deal_out(frame: DataFrame, name: str, columns: tuple[str, ...]) -> DataFrame:
        """The frame with `columns` dealt as the group `name` is."""
        values = frame.select("account_id", *columns).join(deal.where(F.col("group") == name), "account_id")
        return (
            frame.drop(*columns).join(values.select(F.col("dealt_to").alias("account_id"), *columns), "account_id").select(*frame.columns)
        )

    embeddings = deal_out(deal_out(embeddings, "subject", ("vector", "prompt_words")), "minutes", ("slots",)).localCheckpoint()
    accounts = deal_out(accounts, "creation", ("created_at",)).localCheckpoint()
    tokens = tokens.localCheckpoint()
    found = [
        iolaus.pairs.infrastructure.transform(tokens, population, run),
        iolaus.pairs.templates.transform(tokens, population, run),
        iolaus.pairs.content.transform(embeddings, population, run),
    ]
    infrastructure, templates, content = (f.localCheckpoint() for f in found)
    synchrony = iolaus.pairs.synchrony.transform(embeddings, population, infrastructure, templates, content, run)
    cohort = iolaus.pairs.cohort.transform(accounts, population, infrastructure, templates, content, run)
    every = replace(run, settings=replace(run.settings, graph=replace(run.settings.graph, triangles=0)))
    verdicts = tokens.sparkSession.createDataFrame([], table("verdicts.given").schema)
    links: DataFrame = iolaus.graph.links.transform(infrastructure, templates, content, synchrony, cohort, population, verdicts, every)
    return links.localCheckpoint()


def dealt_groups(embeddings: DataFrame, clusters: DataFrame, size: int, seed: int) -> DataFrame:
    """(cluster_id, account_id): the accounts of no cluster, in groups of `size` by chance; those left over are in none."""
    free = embeddings.where(F.size("slots") > 0).select("account_id").join(clusters.select("account_id"), "account_id", "left_anti")
    order = Window.orderBy(F.xxhash64(F.lit(seed), F.lit(size), "account_id"), "account_id")
    numbered = free.withColumn("group", F.floor((F.row_number().over(order) - 1) / size)).localCheckpoint()
    whole = numbered.where(F.col("group") < numbered.count() // size)
    return whole.select(F.col("group").cast("string").alias("cluster_id"), "account_id")


def main() -> int:
    """Print, for each seed, the links by chance, the budget, and those that close enough triangles; then groups in lockstep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True, help="a lake that `iolaus run` made")
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="a day that was run")
    parser.add_argument("--seeds", type=int, default=3, help="deals to make; default 3")
    given = parser.parse_args()
    run = Run(given.date, DEFAULT, Key(b"no key is needed"))
    lake = Lake(session(), given.lake, DEFAULT.window_days)
    tokens, embeddings, known, population = (
        lake.read(name, Span.DAY, given.date).localCheckpoint()
        for name in ("features.account_tokens", "features.account_embeddings", "silver.accounts", "features.population")
    )
    accounts = embeddings.count()
    real = lake.read("graph.links", Span.DAY, given.date).count()
    print(f"{accounts} accounts; links of the day as it was: {real}")
    print(f"{'seed':>4} {'by chance':>9} {'budget':>7} {'kept':>5}")
    for seed in range(1, given.seeds + 1):
        links = shuffled_links(tokens, embeddings, known, population, run, seed)
        kept = links.where(F.col("triangles") >= DEFAULT.graph.triangles).count()
        print(f"{seed:4} {links.count():9} {accounts // 2:7} {kept:5}", flush=True)
    clusters = lake.read("graph.clusters", Span.DAY, given.date).localCheckpoint()
    enough = int(FACT["clock"].bounds[-1] / DEFAULT.scoring.lockstep_each)  # days from which on the judgement calls it steady
    print(f"{'seed':>4} {'size':>5} {'groups':>6} {'in step on a day':>16} {'on three':>8} {f'on {enough}':>6}")
    for seed in range(1, given.seeds + 1):
        for size in SIZES:
            groups = dealt_groups(embeddings, clusters, size, seed).localCheckpoint()
            days = lockstep(groups, embeddings, DEFAULT.scoring).select("days").localCheckpoint()
            some, three, all_ = (days.where(F.col("days") >= least).count() for least in (1, 3, enough))
            print(f"{seed:4} {size:5} {groups.select('cluster_id').distinct().count():6} {some:16} {three:8} {all_:6}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
