"""FRAUDAR: the densest blocks of the graph between accounts and the values they share.

Source: Hooi et al., *FRAUDAR: Bounding Graph Fraud in the Face of Camouflage* (KDD 2016), algorithm 1 and section 4.3:
an edge to a value of degree d weighs 1 / log(d + 5), and the density of a block is its edges' weight over its nodes.
Where it departs: after each block its accounts are taken out, not only its edges, so an account is in one block.
"""

import heapq
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from baselines.components import rows_of
from baselines.prepared import Prepared

BLOCKS = 30  # at most
INFRASTRUCTURE = ("card", "address", "block", "asn", "mail", "device")


def densest(prepared: Prepared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scored accounts, of infrastructure alone and of all values: an account's score is its block's density."""
    ids = prepared.accounts["account_id"]
    infrastructure = prepared.values.filter(pl.col("channel").is_in(INFRASTRUCTURE))
    for name, values in (("infrastructure", infrastructure), ("all values", prepared.values)):
        value = values.select(pl.struct("channel", "value_hash").rank("dense").cast(pl.Int64) - 1).to_series()
        found = blocks(rows_of(ids, values["account_id"]), value.to_numpy())
        rows = [(ids[int(a)], str(i), density) for i, (density, members) in enumerate(found) for a in members]
        yield name, pl.DataFrame(rows, {"account_id": pl.String, "group": pl.String, "score": pl.Float64}, orient="row")


def blocks(account: NDArray[np.integer], value: NDArray[np.integer]) -> list[tuple[float, NDArray[np.integer]]]:
    """The density and accounts of each block, in the order they are found; edges are given by their two ends."""
    degree = np.bincount(value) if len(value) else np.zeros(0)
    weight = 1 / np.log(degree + 5)
    found: list[tuple[float, NDArray[np.integer]]] = []
    while len(account) and len(found) < BLOCKS:
        accounts, rows = np.unique(account, return_inverse=True)
        values, columns = np.unique(value, return_inverse=True)
        density, kept = _peel(rows, len(accounts) + columns, weight[value], len(accounts) + len(values))
        members = accounts[kept[kept < len(accounts)]]
        if len(members) < 2:
            break
        found.append((density, members))
        left = ~np.isin(account, members)
        account, value = account[left], value[left]
    return found


def _peel(
    left: NDArray[np.integer], right: NDArray[np.integer], weight: NDArray[np.floating], nodes: int
) -> tuple[float, NDArray[np.integer]]:
    """The densest state, and its nodes, on the way of taking out the node of least weight again and again."""
    ends, others, weights = np.r_[left, right], np.r_[right, left], np.r_[weight, weight]
    order = np.argsort(ends, kind="stable")
    starts = np.searchsorted(ends[order], np.arange(nodes + 1)).tolist()
    neighbours, weights_of = others[order].tolist(), weights[order].tolist()
    loads = np.bincount(ends, weights, nodes).tolist()
    heap = [(load, node) for node, load in enumerate(loads)]
    heapq.heapify(heap)
    gone, removed = bytearray(nodes), list[int]()
    total = float(weight.sum())
    best, best_at = total / nodes, 0
    while len(removed) < nodes - 1:
        load, node = heapq.heappop(heap)
        if gone[node] or load != loads[node]:
            continue  # an older entry: a later one has what is left of it
        gone[node] = 1
        removed.append(node)
        total -= load
        for at in range(starts[node], starts[node + 1]):
            other = neighbours[at]
            if not gone[other]:
                loads[other] -= weights_of[at]
                heapq.heappush(heap, (loads[other], other))
        density = total / (nodes - len(removed))
        if density > best:
            best, best_at = density, len(removed)
    return best, np.setdiff1d(np.arange(nodes), np.array(removed[:best_at], np.int64))
