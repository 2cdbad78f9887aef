"""What every baseline starts from: accounts, their shared values, the times of what they did, and their vectors."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

# What an account may do together with others: the column of silver.exchanges, and the channel that it stands for.
PAGES = {"head8_hash": "head8", "tail8_hash": "tail8", "address": "address"}


@dataclass(frozen=True)
class Prepared:
    """A lake's last day, as the baselines see it. Customers with an agreement are left out, as the detector does.

    accounts: one row an account that was active in the window: account_id, owner_id, created_week (its Monday), card,
      mail, and what it used most: asn, path, address, block, device, system, template. Null where unknown.
    values: one row an account, channel and value that at least two owners have: account_id, channel, value_hash,
      n (exchanges), n_owners. Of templates and text fragments, those only that the account used with several prompts.
    actions: one row an account, channel, value and day: account_id, channel, value, happened_on, at (seconds of the
      day of the first such exchange).
    vectors: one row an account, in the order of `accounts`: a unit vector of what it asks about; zeros without words.
    """

    accounts: pl.DataFrame
    values: pl.DataFrame
    actions: pl.DataFrame
    vectors: NDArray[np.float32]


def read(lake: Path, day: date) -> Prepared:
    """What a run of the day left in the lake, read without Spark."""

    def table(name: str) -> pl.LazyFrame:
        return pl.scan_delta(str(lake / name))

    def of_day(name: str) -> pl.LazyFrame:
        return table(name).filter(pl.col("run_date") == day)

    profiles = of_day("features/account_profiles").select("account_id", "vector").collect()
    background = of_day("features/population").filter("is_background").select("account_id", "owner_id").collect()
    registered = of_day("silver/accounts").select("account_id", "created_at", "card", "mail_domain").collect()
    exchanges = (
        table("silver/exchanges")
        .filter(pl.col("happened_on") <= day)
        .select(
            "account_id", "happened_on", "requested_at", "asn", "access_path", "address", "block", "device",
            "system_hash", "head8_hash", "tail8_hash",
        )
        .collect()
    )  # fmt: skip
    values = (
        of_day("features/account_values")
        .filter(pl.col("is_qualifying") & (pl.col("n_qualifying_owners") >= 2))
        .select("account_id", "channel", "value_hash", "n", n_owners="n_qualifying_owners")
        .collect()
    )
    accounts = (
        profiles.join(background, on="account_id", how="inner")
        .join(registered, on="account_id", how="left")
        .select(
            "account_id",
            "owner_id",
            "card",
            "vector",
            created_week=pl.col("created_at").dt.date().dt.truncate("1w"),
            mail="mail_domain",
        )
        .join(_most_used(exchanges), on="account_id", how="left")
        .join(_template(values), on="account_id", how="left")
        .sort("account_id")
    )
    kept = accounts.select("account_id")
    return Prepared(
        accounts.drop("vector"),
        values.join(kept, on="account_id", how="semi"),
        _actions(exchanges.join(kept, on="account_id", how="semi")),
        _vectors(accounts["vector"]),
    )


def _most_used(exchanges: pl.DataFrame) -> pl.DataFrame:
    """One row an account: its most frequent network, path, address and so on; of equals the smallest."""
    columns = {"asn": "asn", "access_path": "path", "address": "address", "block": "block", "device": "device"}
    columns["system_hash"] = "system"
    made = exchanges.select("account_id").unique()
    for source, name in columns.items():
        counted = exchanges.drop_nulls(source).group_by("account_id", source).len()
        most = counted.sort("account_id", "len", source, descending=[False, True, False]).unique(
            "account_id", keep="first", maintain_order=True
        )
        made = made.join(most.select("account_id", pl.col(source).alias(name)), on="account_id", how="left")
    return made


def _template(values: pl.DataFrame) -> pl.DataFrame:
    """One row an account: of the first eight words that it begins several prompts with, those it uses most."""
    heads = values.filter(pl.col("channel") == "head8").sort("n", "value_hash", descending=True)
    return heads.unique("account_id", keep="first", maintain_order=True).select("account_id", template="value_hash")


def _actions(exchanges: pl.DataFrame) -> pl.DataFrame:
    """The first use of each value on each day, of values that at least two accounts used that day."""
    seconds = pl.col("requested_at").dt.epoch("s") % 86_400
    page = ["channel", "value", "happened_on"]
    return (
        pl.concat(
            exchanges.drop_nulls(column).select(
                "account_id", pl.lit(channel).alias("channel"), pl.col(column).cast(pl.String).alias("value"),
                "happened_on", seconds.alias("at"),
            )
            for column, channel in PAGES.items()
        )
        .group_by("account_id", *page)
        .agg(pl.col("at").min())
        .filter(pl.len().over(page) >= 2)
        .sort("account_id", *page)
    )  # fmt: skip


def _vectors(vector: pl.Series) -> NDArray[np.float32]:
    width = int(vector.list.len().max() or 1)  # type: ignore[arg-type]
    made = np.zeros((len(vector), width), np.float32)
    known = vector.is_not_null().to_numpy()
    if known.any():
        made[known] = np.stack(vector.drop_nulls().to_list())
    return made
