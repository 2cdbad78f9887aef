"""Texts that a group of accounts lives by: each fills them again and again, with a part of its traffic that is no accident."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.behaviour import known_exchanges
from iolaus.settings import Graph


def lived_by(tokens: DataFrame, embeddings: DataFrame, channels: Sequence[str], settings: Graph) -> DataFrame:
    """Rows of `features.account_tokens` whose use counts, of tokens of `channels` that a group lives by, with `share`.

    share: of the traffic of all who so use it, what carries it. An idiom is met once here and there; and over weeks again, but
    then it is still next to nothing of what anybody sends. embeddings: `features.account_embeddings`.
    """
    used = tokens.where(F.col("channel").isin(*channels) & F.col("counts") & (F.col("degree") >= settings.wrapper_accounts))
    used = used.where(F.col("degree") >= settings.wrapper_loyalty * F.col("users"))
    traffic = used.join(broadcast_if_small(embeddings.select("account_id", "n_exchanges", "n_known")), "account_id")
    share = traffic.groupBy("channel", "token").agg((F.sum("n") / F.sum(known_exchanges())).alias("share"))
    return used.join(share.where(F.col("share") >= settings.wrapper_share), ["channel", "token"])
