"""features.account_tokens: everything an account may share with another, counted against everybody's."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL, WRAPPERS
from jobs.algorithms.sketches import TRAIT_CHANNELS
from jobs.schemas.sketch import PHRASE_CHANNELS
from jobs.settings import Run

_NAMES = {code: name for name, code in TRAIT_CHANNELS.items()} | {code: name.removesuffix("_hash") for name, code in PHRASE_CHANNELS.items()}


def transform(embeddings: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """One row an account, channel and token, of accounts active in the window without an agreement.

    Tokens that a single owner has are dropped: there is nobody to share them with. Licensed customers
    take no part, neither as suspects nor as background.
    """
    known = accounts.select("account_id", "owner_id", "agreement", *_IDENTIFIERS)
    active = embeddings.select("account_id", "traits", "phrases").join(known, "account_id", "left").where("agreement is null")
    active = active.withColumn("owner_id", F.coalesce("owner_id", "account_id"))
    traits = active.select("account_id", "owner_id", F.inline("traits")).withColumn("fillings", F.lit(1))
    phrases = active.select("account_id", "owner_id", F.inline("phrases"))
    used = traits.unionByName(phrases).withColumn("channel", _channel_name()).where(F.col("channel").isin(*CHANNEL))
    own = active.select("account_id", "owner_id", F.inline(_own_tokens())).select(
        "account_id", "owner_id", "channel", "token", F.lit(1).alias("n"), F.lit(1).alias("fillings")
    )
    rows = used.unionByName(own.where("token is not null")).groupBy("account_id", "owner_id", "channel", "token").agg(
        F.sum("n").cast("int").alias("n"), F.max("fillings").alias("fillings")
    )
    rows = rows.withColumn("counts", ~F.col("channel").isin(*WRAPPERS) | (F.col("fillings") >= 2))
    owners = rows.groupBy("channel", "token", "owner_id").agg(F.max("counts").alias("counts"))
    degrees = owners.groupBy("channel", "token").agg(
        F.count(F.lit(1)).cast("int").alias("users"), F.count(F.when(F.col("counts"), 1)).cast("int").alias("degree")
    )
    shared = rows.join(degrees.where("users >= 2"), ["channel", "token"])
    rarer = Window.partitionBy("account_id", "channel").orderBy("degree").rangeBetween(Window.unboundedPreceding, Window.currentRow)
    reach = F.sum(F.when(F.col("counts"), F.greatest(F.col("degree") - 1, F.lit(0))).otherwise(0)).over(rarer)
    return shared.select(
        F.lit(run.day).alias("run_date"), "account_id", "owner_id", "channel", "token", "n", "fillings", "counts", "users", "degree", reach.alias("reach")
    )


_IDENTIFIERS = ("card", "mail_domain", "signup_address", "signup_block", "signup_asn")


def _channel_name() -> Column:
    names = F.create_map(*(F.lit(x) for code, name in _NAMES.items() for x in (code, name)))
    return names[F.col("channel").cast("int")]


def _own_tokens() -> Column:
    """What the account itself was registered with, as an array of (channel, token)."""

    def head(name: str) -> Column:
        return F.conv(F.substring(name, 1, 16), 16, -10).cast("long")

    pairs = (
        ("card", head("card")),
        ("mail", head("mail_domain")),
        ("address", head("signup_address")),
        ("block", head("signup_block")),
        ("asn", F.col("signup_asn").cast("long")),
    )
    return F.array(*(F.struct(F.lit(channel).alias("channel"), token.alias("token")) for channel, token in pairs))
