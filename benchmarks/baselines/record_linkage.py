"""Splink: probabilistic record linkage, with the accounts as records of who is behind them.

Source: the model of Fellegi and Sunter as Splink estimates it: u from random pairs, m by expectation maximisation, with
term frequencies. The attributes and blocking rules are this benchmark's. Pairs above a match weight join accounts.
"""

from collections.abc import Iterator

import polars as pl
from polars import selectors as cs

from baselines.components import by_size, joined, rows_of
from baselines.prepared import Prepared

ATTRIBUTES = ("card", "address", "block", "device", "mail", "system", "template", "created_week")
BLOCKING = ("card", "address", "block", "system", "template")
BLOCK = 600  # accounts of a value that blocks, at most
WEIGHTS = range(-10, 21, 2)  # bits
PAIRS = 1_000_000  # random pairs that u is estimated from
SEED = 7


def record_linkage(prepared: Prepared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scored accounts for each match weight: an account's score is the size of its cluster.

    Raises: ImportError without Splink, which the extra `bench` brings.
    """
    import splink.comparison_library as cl  # noqa: PLC0415 - it may be left out
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    records = _records(prepared.accounts)
    ids = prepared.accounts["account_id"]
    used = [name for name in ATTRIBUTES if records[name].drop_nulls().is_duplicated().any()]
    blocking = [name for name in BLOCKING if name in used]
    if len(used) < 2 or not blocking:
        return
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="account_id",
        comparisons=[cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in used],
        blocking_rules_to_generate_predictions=[block_on(f"{name}_key") for name in blocking],
    )
    api = DuckDBAPI()
    linker = Linker(api.register(records.to_arrow()), settings, log_level="ERROR")
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=SEED)
    for name in blocking[:2]:  # a session estimates all but what it blocks on: two estimate everything
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(f"{name}_key"))
    predicted = linker.inference.predict(threshold_match_weight=min(WEIGHTS)).as_duckdbpyrelation()
    pairs = predicted.select("match_weight", "account_id_l", "account_id_r").pl()
    for weight in WEIGHTS:
        kept = pairs.filter(pl.col("match_weight") >= weight)
        left, right = (rows_of(ids, kept[f"account_id_{side}"]) for side in "lr")
        yield f"match weight >= {weight}", by_size(ids, joined(len(ids), left, right))


def _records(accounts: pl.DataFrame) -> pl.DataFrame:
    """The attributes, and for each one that blocks a key: null where so many have it that its pairs were too many."""
    keys = [
        pl.when(pl.len().over(name) <= BLOCK).then(pl.col(name)).cast(pl.String).alias(f"{name}_key")
        for name in BLOCKING
    ]
    return accounts.select("account_id", cs.by_name(*ATTRIBUTES).cast(pl.String), *keys)
