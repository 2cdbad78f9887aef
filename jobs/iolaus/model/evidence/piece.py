"""Pieces of evidence: what all kinds have in common."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.signals import ANY_EXPLANATION, SIGNALS, explained
from iolaus.settings import Scoring


def bits_of_share(settings: Scoring) -> Column:
    """Thousandths of a bit: `size` accounts of which `value` show what `background` of all do; capped."""
    bits = F.col("size") * (
        _divergence(F.col("value"), F.col("background")) + _divergence(1 - F.col("value"), 1 - F.col("background"))
    )
    return F.round(F.least(bits, F.lit(settings.behaviour_cap)) * MILLI).cast("int")


def _divergence(p: Column, q: Column) -> Column:
    return F.when(p <= 0, F.lit(0.0)).otherwise(p * F.log2(p / q))


def percent(share: Column) -> Column:
    """A share in words; what is below 1% is said to be so."""
    return F.when(share < 0.01, F.lit("under 1%")).otherwise(F.format_string("%.0f%%", share * 100))


def expected_number(number: Column) -> Column:
    """A number that chance would make, in words; what rounds to 0.0 is said to be less than 0.1."""
    return F.when(number < 0.05, F.lit("under 0.1")).otherwise(F.format_string("%.1f", number))


def members(support: str = "support", size: str = "size") -> Column:
    """The subject of a sentence: `All 24 accounts`, or `20 of 29 accounts`."""
    some, every = F.col(support), F.col(size)
    return F.when(some >= every, F.format_string("All %,d accounts", size)).otherwise(
        F.format_string("%,d of %,d accounts", support, size)
    )


def sentence(says: Column, baseline: str) -> Column:
    """The sentence of rows with support, size, background.

    `All 24 accounts send the same system prompt (under 1% of other accounts do).`
    """
    of_being = F.when(says.startswith("were "), " were").when(says.startswith("are "), " are").otherwise(" do")
    do = F.when(says.contains(":") | says.contains("at least"), "").otherwise(of_being)
    return F.concat(
        members(),
        F.lit(" "),
        says,
        F.lit(" ("),
        percent(F.col("background")),
        F.lit(f" of {baseline}"),
        do,
        F.lit(")."),
    )


def of_signal(field: str, channel: Column) -> Column:
    """A field of the channel's entry in the registry of signals; null of a channel that has none."""
    return F.create_map(*(F.lit(x) for s in SIGNALS.values() for x in (s.name, getattr(s, field))))[channel]


def piece(rows: DataFrame, channel: Column, kind: Column, text: Column) -> DataFrame:
    """Pieces of evidence.

    Of the pieces of one `part` of a kind, which are views of one fact, a score counts the best.
    """
    return rows.select(
        "cluster_id",
        channel.alias("channel"),
        kind.alias("kind"),
        F.coalesce(of_signal("group", channel), channel).alias("part"),
        "bits",
        F.col("support").cast("int").alias("support"),
        F.round("value", 6).alias("value"),
        F.round("background", 6).alias("background"),
        text.alias("description"),
    )


def unexplained(pieces: DataFrame, fits: DataFrame, sizes: DataFrame, settings: Scoring) -> tuple[DataFrame, DataFrame]:
    """The pieces that no innocent explanation takes away, and (cluster_id, channel, taken) of the explanations that do.

    fits: (cluster_id, channel) of the explanations that fit a cluster; taken: bits by channel of what each takes. Which
    explanation takes which signal stands in the registry. A piece may be taken by several.
    """
    named = fits.groupBy("cluster_id").agg(F.collect_set("channel").alias("fits"))
    rows = pieces.join(named, "cluster_id", "left").join(sizes, "cluster_id")
    few, takers = F.col("size") < settings.subject_accounts, []
    for explanation in ANY_EXPLANATION:
        of = F.col("channel").isin(*explained(explanation)) | (
            few & F.col("channel").isin(*explained(explanation, if_few=True))
        )
        takers.append(F.when(of & F.array_contains("fits", explanation), F.lit(explanation)))
    marked = rows.withColumn("takers", F.array_compact(F.array(*takers)))
    entry = F.struct("channel", (F.col("bits") / MILLI).alias("bits"))
    taken = (
        marked.select("cluster_id", entry.alias("entry"), F.explode("takers").alias("channel"))
        .groupBy("cluster_id", "channel")
        .agg(F.map_from_entries(F.array_sort(F.collect_list("entry"))).alias("taken"))
    )
    return marked.where(F.size("takers") == 0).drop("fits", "size", "takers"), taken
