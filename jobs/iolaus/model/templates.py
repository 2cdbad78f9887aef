"""Texts that a group of accounts lives by: each uses them again and again, in a good part of its traffic."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.behaviour import sampled_exchanges
from iolaus.settings import Graph


def lived_by(shared_values: DataFrame, profiles: DataFrame, channels: Sequence[str], settings: Graph) -> DataFrame:
    """Rows of `features.account_values` whose use counts, of values of `channels` that a group lives by, with `share`.

    share: of the traffic of all who so use it, what carries it. An idiom is met once here and there; and over weeks
    again, but then it is still next to nothing of what anybody sends. profiles: `features.account_profiles`.
    """
    used = shared_values.where(
        F.col("channel").isin(*channels)
        & F.col("is_qualifying")
        & (F.col("n_qualifying_owners") >= settings.template_accounts)
    )
    used = used.where(F.col("n_qualifying_owners") >= settings.template_loyalty * F.col("n_owners"))
    traffic = used.join(broadcast_if_small(profiles.select("account_id", "n_exchanges", "n_sampled")), "account_id")
    share = traffic.groupBy("channel", "value_hash").agg((F.sum("n") / F.sum(sampled_exchanges())).alias("share"))
    return used.join(share.where(F.col("share") >= settings.template_share), ["channel", "value_hash"])
