"""The products of one task of the cosine join: every pair with a cosine of at least t, each pair in one task only."""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.joins.cosine.cells import Cell, Floats, Ints
from iolaus.joins.cosine.partition import Plan
from iolaus.joins.cosine.vectors import Vectors, received, same

PAIR = pa.schema([("a", pa.string()), ("b", pa.string()), ("similarity", pa.float32())])
STRIP = 2_048  # rows multiplied at once, at most
_PRODUCTS = 16 << 20  # products held at once, at most, where a row has fewer: 64 MB
_ROUNDED = 1e-7  # a unit vector in float32 is not quite of length 1
_PAIRS = 200_000  # pairs handed on at once: 10 MB

Found = tuple[Ints, Ints, Floats]  # positions of one end and of the other, and the cosine


def task_pairs(task: int, batches: Iterable[pa.RecordBatch], plan: Plan) -> Iterator[pa.RecordBatch]:
    """PAIR rows of what one task is sent: vectors, and (id, like) of those that stay at home."""
    rest, sent = list[pa.RecordBatch](), list[pa.RecordBatch]()
    for batch in batches:
        (rest if "like" in batch.schema.names else sent).append(batch)
    if not sent:
        return
    vectors = received(sent)
    if plan.neighbours is not None:  # which of two counts the other as its neighbour does not depend on how they came
        vectors = vectors.take(pc.sort_indices(vectors.ids).to_numpy().astype(np.int64))
    groups = list(same(vectors, plan.identical))
    if groups:
        home = plan.home(vectors)
        yield from stars(vectors.ids, [g for g in groups if home[g[0]] == task], rest)
        vectors = vectors.take(np.setdiff1d(np.arange(len(vectors)), np.concatenate([g[1:] for g in groups])))
    waiting, n = list[Found](), 0
    for found in _products(vectors, task, plan):
        waiting.append(found)
        n += len(found[0])
        if n >= _PAIRS:
            yield _named(vectors.ids, waiting)
            waiting, n = [], 0
    if n:
        yield _named(vectors.ids, waiting)


def _named(ids: pa.Array, found: list[Found]) -> pa.RecordBatch:
    i, j, cosine = (np.concatenate([f[k] for f in found]) for k in range(3))
    a, b = ids.take(pa.array(i)), ids.take(pa.array(j))
    swapped = pc.less(b, a)
    if pc.any(swapped).as_py():
        a, b = pc.if_else(swapped, b, a), pc.if_else(swapped, a, b)
    return pa.RecordBatch.from_arrays([a, b, pa.array(np.clip(cosine, -1, 1).astype(np.float32))], schema=PAIR)


def stars(every: pa.Array, groups: list[Ints], rest: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Pairs of each group's representative, its least id, with every other of the group."""
    table = pa.Table.from_batches(rest, pa.schema([("id", pa.string()), ("like", pa.string())]))
    for group in groups:
        ids = every.take(pa.array(group))
        others = table.filter(pc.is_in(table["like"], value_set=ids))["id"].combine_chunks()
        others = pa.concat_arrays([ids.slice(1), *(others.chunks if isinstance(others, pa.ChunkedArray) else [others])])
        for start in range(0, len(others), _PAIRS):
            part = others.slice(start, _PAIRS)
            yield pa.RecordBatch.from_arrays(
                [pa.repeat(ids[0], len(part)), part, pa.repeat(pa.scalar(1.0, pa.float32()), len(part))], schema=PAIR
            )


def _products(vectors: Vectors, task: int, plan: Plan) -> Iterator[Found]:
    """What is found in the cells of this task."""
    home = vectors.visits[:, 0]
    cells = np.unique(vectors.visits)
    mine = cells[
        (plan.first[cells] <= task) & (task < plan.first[cells] + plan.blocks[cells] * (plan.blocks[cells] + 1) // 2)
    ]
    wide = vectors.visits.shape[1]
    cell, row = vectors.visits.ravel(), np.repeat(np.arange(len(vectors)), wide)
    kept = np.isin(cell, mine) & ((np.tile(np.arange(wide), len(vectors)) == 0) | (cell != home[row]))
    cell, row = cell[kept], row[kept]
    order = cell.argsort(kind="stable")
    cell, row = cell[order], row[order]
    bounds = np.searchsorted(cell, np.append(mine, np.iinfo(np.int32).max))
    for number, start, end in zip(mine, bounds[:-1], bounds[1:], strict=True):
        inside = row[start:end]
        at_home = home[inside] == number
        homes, copies = inside[at_home], inside[~at_home]
        if plan.blocks[number] > 1:
            block = plan.block(vectors.keys[homes], home[homes])
            i, j = _blocks(task - int(plan.first[number]))
            left, right = homes[block == i], homes[block == j]
            if i != j:
                yield from _multiplied(vectors, left, right, plan, None)
                continue
            homes = left
        yield from _multiplied(vectors, homes, np.concatenate([homes, copies]), plan, len(homes))


def _blocks(pair: int) -> tuple[int, int]:
    """The pair of blocks of a number that `exchange.pair_of` gave."""
    high = int((np.sqrt(8 * pair + 1) - 1) // 2)
    return pair - high * (high + 1) // 2, high


def _multiplied(vectors: Vectors, left: Ints, right: Ints, plan: Plan, homes: int | None) -> Iterator[Found]:
    """Pairs of `left` with `right`; if the first `homes` of `right` are `left` itself, each of those once."""
    rows, others = vectors.rows, vectors.rows[right]
    slack = np.float32(rows.shape[1] * 2.0**-24)  # bound of the rounding of a product of unit vectors
    strip = int(np.clip(_PRODUCTS // max(len(right), 1), 1, STRIP))
    for start in range(0, len(left), strip):
        part = left[start : start + strip]
        skipped = 0 if homes is None else start  # those before have met these already
        products = rows[part] @ others[skipped:].T
        near = products >= plan.threshold - _ROUNDED - slack
        if homes is not None:
            near[:, : len(part)] &= _upper()[: len(part), : len(part)]
        place = np.flatnonzero(near)
        if plan.neighbours is not None:
            place = _nearest(place, products, plan.neighbours)
        i, j = np.divmod(place, near.shape[1])
        cosine = products.ravel()[place]
        j += skipped
        i, at = part[i], right[j]
        if homes is not None and homes < len(right):
            kept = ~((j >= homes) & _met_elsewhere(vectors.visits, i, at))
            i, at, cosine = i[kept], at[kept], cosine[kept]
        yield _rechecked(rows, (i, at, cosine), plan.threshold, slack)


@cache
def _upper() -> npt.NDArray[np.bool_]:
    """Of a strip with itself, each pair once: 4 MB, made by the first product of a process."""
    upper: npt.NDArray[np.bool_] = np.triu(np.ones((STRIP, STRIP), np.bool_), 1)
    return upper


def _nearest(place: Ints, products: Floats, most: int) -> Ints:
    """Of the places of each row, ascending: at most this many that are nearest, and those as near as the last."""
    row, cosine = place // products.shape[1], products.ravel()[place]
    starts = np.searchsorted(row, np.arange(len(products) + 1))
    crowded = np.flatnonzero(np.diff(starts) > most)
    order = np.lexsort((-cosine, row))
    cut = np.full(len(products), -np.inf, np.float32)
    cut[crowded] = cosine[order[starts[crowded] + most - 1]]
    kept: Ints = place[cosine >= cut[row]]
    return kept


def _met_elsewhere(visits: Cell, host: Ints, guest: Ints) -> npt.NDArray[np.bool_]:
    """Whether the host is a copy in the guest's home too, and that cell, having the lower number, finds the pair."""
    there = visits[guest, 0]
    met: npt.NDArray[np.bool_] = (visits[host, 1:] == there[:, None]).any(axis=1) & (there < visits[host, 0])
    return met


def _rechecked(rows: Floats, found: Found, threshold: float, slack: np.float32) -> Found:
    """Without those that double precision puts below the threshold."""
    i, j, cosine = found
    close = np.flatnonzero(cosine < threshold + slack)
    if not len(close):
        return found
    cosine[close] = exact = np.einsum("nd,nd->n", rows[i[close]].astype(np.float64), rows[j[close]].astype(np.float64))
    kept = np.ones(len(cosine), np.bool_)
    kept[close] = exact >= threshold - _ROUNDED
    return i[kept], j[kept], cosine[kept]
