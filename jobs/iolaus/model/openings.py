"""Openings: an additive sample of the first messages of an account's conversations, a few terms each.

They answer one question: whose prompts are these (`iolaus.model.judgement.source`)? One message per conversation is
taken, because the turns of one conversation resemble each other in any case. A later turn is used only if no first one
is known.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.hashing import Ints, mix
from iolaus.engine.records import packed
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model.sampling import ranks
from iolaus.schemas.sketch import ABSENT, OPENING, OPENING_FIELDS, OPENING_TERMS
from iolaus.text.fingerprints import TERM_BUCKETS

MAX_CONVERSATIONS = 24  # conversations kept of an account: 276 pairs of its own messages
_LATER = np.float32(2.0**20)  # how much dearer a later turn's rank is than a first's

_TERM_HASHES = mix(np.arange(TERM_BUCKETS, dtype=np.uint64))

Records = npt.NDArray[Any]


def opened(table: pa.Table, group: Ints, terms: tuple[Ints, Ints], salt: int, count: int) -> pa.BinaryArray:
    """The openings of exchanges: of each of `count` groups (accounts) its records OPENING, by conversation.

    table: columns of `silver.exchanges` and `draw`, a hash of the exchange's id, which stands for its conversation
    where that is not known; group: of each row, ascending; terms: as `unpacked`, the length of each row's and all of
    them.
    """
    lengths, flat = terms
    said = np.flatnonzero(
        (lengths > 0) & pc.is_valid(table["prompt_hash"].combine_chunks()).to_numpy(zero_copy_only=False)
    )
    draw = _longs(table, "draw")[said]
    known = pc.is_valid(table["conversation_hash"].combine_chunks()).to_numpy(zero_copy_only=False)[said]
    conversation = np.where(known, _longs(table, "conversation_hash")[said], draw)
    rank = ranks(draw, _longs(table, "output_tokens")[said], salt)
    rank = np.where(_longs(table, "turn_index")[said] > 0, rank * _LATER, rank)
    kept = _kept(group[said], conversation, rank, draw)
    rows = said[kept]
    made = np.empty(len(rows), OPENING)
    made["conversation"], made["rank"] = conversation[kept], rank[kept]
    for name in OPENING_FIELDS:
        made[name] = _longs(table, name, ABSENT)[rows]
    made["terms"] = _few_terms(lengths, flat, rows)
    return packed(np.bincount(group[rows], minlength=count), made)


def merged(group: Ints, records: Records, count: int) -> pa.BinaryArray:
    """The openings of records of several sketches; group: the account of each record."""
    kept = _kept(group, records["conversation"], records["rank"], records["prompt_hash"])
    return packed(np.bincount(group[kept], minlength=count), records[kept])


def _kept(group: Ints, conversation: Ints, rank: npt.NDArray[np.float32], tie: Ints) -> Ints:
    """Places of the KEPT conversations of least rank of each group, one message each, by group and conversation."""
    keys: list[npt.NDArray[Any]] = [tie, rank, conversation, group]
    order = np.lexsort(keys)
    order = order[run_starts(group[order], conversation[order])]
    keys = [conversation[order], rank[order], group[order]]
    by_rank = order[np.lexsort(keys)]
    sizes = run_lengths(run_starts(group[by_rank]), len(by_rank))
    nth = np.arange(len(by_rank)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    least = by_rank[nth < MAX_CONVERSATIONS]
    return least[np.lexsort([conversation[least], group[least]])]


def _few_terms(lengths: Ints, flat: Ints, rows: Ints) -> npt.NDArray[np.int16]:
    """The terms of least hash of each of `rows`, shape (rows, OPENING_TERMS), -1 where there are fewer."""
    starts, sizes = (np.cumsum(lengths) - lengths)[rows], lengths[rows]
    row = np.repeat(np.arange(len(rows)), sizes)
    within = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    term = flat[np.repeat(starts, sizes) + within]
    order = np.lexsort([_TERM_HASHES[term], row])
    few = np.full((len(rows), OPENING_TERMS), -1, np.int16)
    kept = within < OPENING_TERMS  # rows stand together still, so places within are those of the sorted terms
    few[row[kept], within[kept]] = term[order][kept]
    return few


def _longs(table: pa.Table, name: str, null: int = 0) -> Ints:
    values: Ints = pc.fill_null(table[name].combine_chunks(), null).to_numpy(zero_copy_only=False).astype(np.int64)
    return values
