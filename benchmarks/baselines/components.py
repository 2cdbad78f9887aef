"""Connected components of accounts that share a card or an address."""

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from baselines.prepared import Prepared

DEGREES = (5, 10, 20, 50, 100, 200)  # owners of a value, at most: beyond that it joins nobody


def components(prepared: Prepared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scored accounts for each bound of degree: an account's score is the size of its component."""
    shared = prepared.values.filter(pl.col("channel").is_in(["card", "address"]))
    ids = prepared.accounts["account_id"]
    for degree in DEGREES:
        used = shared.filter(pl.col("n_owners") <= degree)
        value = used.select(pl.struct("channel", "value_hash").rank("dense").cast(pl.Int64) - 1).to_series()
        value_node = len(ids) + value.to_numpy()
        labels = joined(len(ids) + len(used), rows_of(ids, used["account_id"]), value_node)
        yield f"degree <= {degree}", by_size(ids, labels[: len(ids)])


def rows_of(ids: pl.Series, account_id: pl.Series) -> NDArray[np.int64]:
    """Which row of the sorted ids each account is."""
    return ids.search_sorted(account_id).to_numpy().astype(np.int64)


def joined(nodes: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int32]:
    """The component of each node, of a graph of so many nodes with these edges."""
    edges = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(nodes, nodes))
    labels: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return labels


def by_size(account_ids: Iterable[str], group: Iterable[object]) -> pl.DataFrame:
    """Scored accounts (account_id, group, score): those of groups of two and more, each scored by its group's size."""
    labelled = pl.DataFrame({"account_id": list(account_ids), "group": [str(g) for g in group]})
    return labelled.with_columns(score=pl.len().over("group").cast(pl.Float64)).filter(pl.col("score") >= 2)
