"""Re-assignment of accounts to groups by profile: naive Bayes against the background of the same data.

A group's profile is what its members have more often than everybody: tokens by channel, time of creation,
bins of behaviour. Of an account, each channel says how much likelier its tokens are in the group than at
large, in bits; groups of channels that are views of one fact count once; families add up, each capped. A
member is judged without its own contribution (leave one out), so a group cannot vouch for a member that
only vouches for itself. After Fellegi and Sunter, A theory for record linkage (JASA 1969), with agreement
weights estimated from the group and the background instead of from matched pairs.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.behaviour import measures
from jobs.algorithms.channels import CHANNEL
from jobs.algorithms.cooccurrence import MILLI, by_channel
from jobs.settings import Profile

FAMILIES = ("content", "infrastructure", "cohort", "behaviour")
BINNED = ("later_turns", "hours_of_day", "output_tokens", "thinking", "tools", "zero_temperature", "streaming", "templated", "volume")


def bins(profiles: DataFrame) -> DataFrame:
    """(account_id, measure, bin): each measure cut at fixed points of its scale, coarse enough for small groups."""
    every = measures()

    def cut(name: str) -> Column:
        value = every[name]
        if name == "volume":
            return F.floor(F.log2(value + 1) / 2)
        if name == "output_tokens":
            return F.floor(F.log2(value + 1))
        if name == "hours_of_day":
            return F.floor(value / 6)
        return F.when(value < 0.05, 0).when(value < 0.4, 1).when(value < 0.8, 2).otherwise(3)

    columns = [F.struct(F.lit(name).alias("measure"), cut(name).cast("int").alias("bin")) for name in BINNED]
    return profiles.select("account_id", F.inline(F.array(*columns))).where("bin is not null")


def assign(members: DataFrame, tokens: DataFrame, places: DataFrame, binned: DataFrame, population: int, settings: Profile) -> DataFrame:
    """One round: (community, account_id, bits, content, infrastructure, cohort, behaviour, reasons), one row an account.

    members: (community, account_id); tokens: `features.account_tokens`; places: (account_id, place), the
    rank of creation among all accounts, scaled to 0 … 1; binned: see `bins`. Candidates of a group are
    the accounts that share a token with it that the group has unusually often. Bits are thousandths.
    """
    sizes = members.groupBy("community").agg(F.count(F.lit(1)).alias("size")).where(F.col("size") >= settings.fewest)
    members = members.join(sizes.select("community"), "community").select("community", "account_id", F.lit(1).alias("member"))
    typical = _typical(members, tokens, sizes, population, settings).localCheckpoint()
    matched = tokens.select("account_id", "channel", "token", "counts").join(F.broadcast(typical), ["channel", "token"])
    matched = matched.join(F.broadcast(members), ["community", "account_id"], "left").withColumn("member", F.coalesce("member", F.lit(0)))
    caps = by_channel({c.name: c.cap * MILLI for c in CHANNEL.values()})
    scored = matched.withColumn("bits", F.least(_agreement_bits(population), caps).cast("int"))
    key = ["community", "account_id", "member", "size"]
    best = scored.groupBy(*key, "channel").agg(F.max("bits").alias("bits"), F.max(_is_usual(settings)).alias("usual"))
    views = (
        best.withColumn("part", _part())
        .groupBy(*key, "part")
        .agg(F.max(F.struct("bits", "channel")).alias("best"), F.max("usual").alias("usual"))
    )
    families = views.groupBy(*key).agg(
        *(
            F.coalesce(F.sum(F.when(F.split("part", ":")[0] == f, F.greatest("best.bits", F.lit(0)))), F.lit(0)).cast("int").alias(f)
            for f in FAMILIES[:2]
        ),
        F.transform(F.reverse(F.array_sort(F.filter(F.collect_list("best"), lambda b: b["bits"] > 0))), lambda b: b["channel"]).alias(
            "reasons"
        ),
        F.max("usual").alias("usual"),
    )
    enough = int(settings.candidate_bits * MILLI)
    candidates = families.where(F.greatest("content", "infrastructure") >= enough).localCheckpoint()
    created = _cohort_bits(candidates, members, places)
    behaved = _behaviour_bits(candidates, members, binned, population)
    pair = ["community", "account_id"]
    joined = candidates.join(created, pair, "left").join(behaved, pair, "left").na.fill(0, ["cohort", "behaviour"])
    joined = joined.join(F.broadcast(_missing_bits(typical, settings)), "community", "left").na.fill(0, ["missing"])
    joined = joined.withColumn("missing", F.when(F.col("usual"), 0).otherwise(F.col("missing")))
    capped = joined.withColumn(
        "content", (F.least(F.col("content"), F.lit(int(settings.content_cap * MILLI))) + F.col("missing")).cast("int")
    )
    capped = capped.withColumn("infrastructure", F.least(F.col("infrastructure"), F.lit(int(settings.infrastructure_cap * MILLI))))
    prior = F.round(F.log2(F.col("size") / F.lit(float(population))) * MILLI).cast("int")
    total = reduce(Column.__add__, (F.col(f) for f in FAMILIES)) + prior
    positive = reduce(Column.__add__, (F.when(F.col(f) >= int(settings.family_floor * MILLI), 1).otherwise(0) for f in FAMILIES))
    alone = (F.col("content") >= int(settings.content_alone * MILLI)) & (F.col("behaviour") >= int(settings.family_floor * MILLI))
    accepted = capped.withColumn("bits", total).where((F.col("bits") >= int(settings.posterior * MILLI)) & ((positive >= 2) | alone))
    order = Window.partitionBy("account_id").orderBy(F.desc("bits"), F.desc("size"), "community")
    first = accepted.withColumn("nth", F.row_number().over(order)).where("nth = 1")
    return first.select("community", "account_id", "bits", *FAMILIES, "reasons")


def _typical(members: DataFrame, tokens: DataFrame, sizes: DataFrame, population: int, settings: Profile) -> DataFrame:
    """Tokens that a group has unusually often: (channel, token, community, size, having, users, degree), the best of each channel."""
    of = (
        tokens.where("counts")
        .join(members, "account_id")
        .groupBy("community", "channel", "token")
        .agg(F.count(F.lit(1)).alias("having"), F.max("users").alias("users"), F.max("degree").alias("degree"))
    )
    rows = of.join(sizes, "community").where(F.col("having") >= settings.fewest)
    lift = (F.col("having") / F.col("size")) / (F.col("users") / F.lit(float(population)))
    order = Window.partitionBy("community", "channel").orderBy(F.desc("having"), "users", "token")
    kept = rows.where(lift >= settings.lift).withColumn("nth", F.row_number().over(order)).where(F.col("nth") <= settings.typical_tokens)
    return kept.select("channel", "token", "community", "size", "having", "users", "degree")


def _agreement_bits(population: int) -> Column:
    """log2 of the share of the group's other members with the token over the share of everybody else, in thousandths.

    An account outside, or one that fills a wrapper once only, is held to the same shares.
    """
    inside = (F.col("having") - F.col("member") * F.col("counts").cast("int")) / F.greatest(F.col("size") - F.col("member"), F.lit(1))
    outside = F.greatest(F.col("users") - F.col("having"), F.lit(0)) + 1
    at_large = outside / F.lit(float(population))
    share = F.greatest(inside, F.lit(1e-9)) / at_large
    # A token that few of the group have proves less than its rarity: it is one of many that the group might have had.
    return F.round((F.log2(share) + F.log2(F.greatest(inside, F.lit(1e-9))) / 2) * MILLI)


def _part() -> Column:
    parts = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, f"{c.family}:{c.group}")))
    return parts[F.col("channel")]


def _cohort_bits(candidates: DataFrame, members: DataFrame, places: DataFrame) -> DataFrame:
    """(community, account_id, cohort): whether the account was made in the time in which most members were."""
    spans = (
        members.join(places, "account_id")
        .groupBy("community")
        .agg(F.percentile("place", F.lit(0.1)).alias("low"), F.percentile("place", F.lit(0.9)).alias("high"))
    )
    width = F.greatest(F.col("high") - F.col("low"), F.lit(0.002))
    inside = F.col("place").between(F.col("low") - 0.1 * width, F.col("high") + 0.1 * width)
    bits = F.when(inside, F.log2(0.85 / F.least(1.2 * width, F.lit(0.85)))).otherwise(
        F.log2(0.15 / F.greatest(1 - 1.2 * width, F.lit(0.15)))
    )
    rows = candidates.select("community", "account_id").join(places, "account_id").join(F.broadcast(spans), "community")
    return rows.select(
        "community", "account_id", F.round(F.least(F.greatest(bits, F.lit(-3.0)), F.lit(5.0)) * MILLI).cast("int").alias("cohort")
    )


def _behaviour_bits(candidates: DataFrame, members: DataFrame, binned: DataFrame, population: int) -> DataFrame:
    """(community, account_id, behaviour): bins of measures, each within 2 bits, all within 6."""
    at_large = binned.groupBy("measure", "bin").agg(F.count(F.lit(1)).alias("at_large"))
    inside = binned.join(members, "account_id").groupBy("community", "measure", "bin").agg(F.count(F.lit(1)).alias("inside"))
    total = inside.groupBy("community", "measure").agg(F.sum("inside").alias("total"))
    rows = candidates.select("community", "account_id", "member").join(binned, "account_id")
    rows = rows.join(F.broadcast(total), ["community", "measure"]).join(F.broadcast(inside), ["community", "measure", "bin"], "left")
    rows = rows.join(F.broadcast(at_large), ["measure", "bin"]).na.fill(0, ["inside"])
    p = (F.col("inside") - F.col("member") + 0.5) / (F.col("total") - F.col("member") + 2)
    q = (F.col("at_large") + 0.5) / F.lit(float(population + 2))
    bits = F.round(F.least(F.greatest(F.log2(p / q), F.lit(-2.0)), F.lit(2.0)) * MILLI).cast("int")
    summed = rows.groupBy("community", "account_id").agg(F.sum(bits).alias("behaviour"))
    cap = 6 * MILLI
    return summed.select(
        "community", "account_id", F.least(F.greatest("behaviour", F.lit(-cap)), F.lit(cap)).cast("int").alias("behaviour")
    )


def _is_usual(settings: Profile) -> Column:
    """Whether the token is content that nearly all members send."""
    content = F.col("channel").isin(*(c.name for c in CHANNEL.values() if c.family == "content"))
    return content & (F.col("having") >= settings.usual * F.col("size"))


def _missing_bits(typical: DataFrame, settings: Profile) -> DataFrame:
    """(community, missing): what it says against an account that it lacks all that nearly all members send."""
    share = F.least(F.max(F.col("having") / F.col("size")), F.lit(0.95))
    bits = F.greatest(F.log2(1 - share), F.lit(-settings.missing_cap))
    return typical.where(_is_usual(settings)).groupBy("community").agg(F.round(bits * MILLI).cast("int").alias("missing"))
