"""Whose prompts are these? Accounts of one operator draw from one source; strangers ask about things of their own.

Dealing a group's openings anew among its accounts changes nothing where one hand sends them all, makes accounts less
like themselves where each has content of its own, and more so where each repeats one set. The figure is log of the mean
similarity of an account's own openings over what dealing them anew gives: near 0, one source; far above, own content;
far below, one set repeated. Terms are weighted by their rarity inside the group, so a template that all share weighs
nothing. A permutation test of exchangeability (de Finetti), on cosines of random projections (`iolaus.text.embedding`).

Where members send ordinary traffic beside their work, only openings that carry a text common to the group are dealt,
and those of each such text among themselves: an operation may have several, each on accounts of its own. A text of most
accounts is dealt however little of their traffic it is. The accounts most like themselves are left out, here and in
each deal alike: strangers that strayed into a group do not speak for it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from iolaus.engine.hashing import Ints
from iolaus.schemas.sketch import ABSENT, OPENING_FIELDS
from iolaus.text.embedding import DIMENSIONS, projection
from iolaus.text.fingerprints import TERM_BUCKETS

ACCOUNTS = 200  # of a group, whose openings are dealt: 4,800 at most
DEALS = 30
LEFT_OUT = 0.1  # share of the accounts most like themselves
OPENINGS, REPEATED = 30, 4  # fewer openings, or accounts with two, say nothing
COMMON = 0.1  # share of accounts that must open with a text for it to be the group's
MOST = 0.5  # share of accounts that opened with a text, from which it is what the group does
CARRYING = 0.15  # share of openings that must carry a less common text for these to be dealt alone
_TEXTS = tuple(name for name in OPENING_FIELDS if name != "prompt_hash")

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[Any]


@dataclass(frozen=True)
class Source:
    """log: natural logarithm of own similarity over that of dealt openings; error: its standard error.

    n: openings dealt.
    """

    log: float
    error: float
    n: int


def source(account: Ints, records: Records, seed: int) -> Source | None:
    """How far openings (records OPENING) are their accounts' own; None where there are too few to tell.

    account: (n,) which account sent each, any numbers.
    """
    account, records = distinct(account, records)
    parts = strata(account, records)
    if sum(len(part) for part in parts) < CARRYING * len(records):
        most = MOST * len(np.unique(account))
        parts = [part for part in parts if len(np.unique(account[part])) >= most]
    by_text = [found for part in parts if (found := shuffled(account[part], records[part], seed))]
    carrying = sum(found.n for found in by_text)
    if carrying < OPENINGS:
        return shuffled(account, records, seed)
    log = sum(found.n * found.log for found in by_text) / carrying
    error = float(np.sqrt(sum((found.n * found.error) ** 2 for found in by_text))) / carrying
    return Source(log, error, carrying)


def shuffled(account: Ints, records: Records, seed: int) -> Source | None:
    """`Source` of openings that are all dealt among themselves, whatever texts they carry.

    None where there are too few to tell.
    """
    if len(records) < OPENINGS or _repeated(account) < REPEATED:
        return None
    vectors, said = _vectors(records["terms"])
    _, account = np.unique(account[said], return_inverse=True)
    if len(account) < OPENINGS or _repeated(account) < REPEATED:
        return None
    rng = np.random.default_rng(seed)
    own = _own(vectors, account)
    deals = np.array([_own(vectors, rng.permutation(account)) for _ in range(DEALS)])
    mean = max(float(deals.mean()), 1e-4)
    return Source(float(np.log(max(own, 1e-4) / mean)), float(deals.std()) / mean, len(account))


def distinct(account: Ints, records: Records) -> tuple[Ints, Records]:
    """Each prompt of an account once."""
    _, first = np.unique(np.rec.fromarrays([account, records["prompt_hash"]]), return_index=True)
    return account[first], records[first]


def strata(account: Ints, records: Records) -> list[Ints]:
    """Places of the openings that carry each text common to the group, each opening once.

    At the text that most accounts have.

    Common is a template, head or tail that three accounts and a tenth of all open with.
    """
    least = max(3.0, COMMON * len(np.unique(account)))
    common: list[tuple[int, int, str, int]] = []
    for number, name in enumerate(_TEXTS):
        pairs = np.unique(np.stack([records[name], account]), axis=1)
        values, users = np.unique(pairs[0], return_counts=True)
        shared = (users >= least) & (values != ABSENT)
        common += [(-int(n), number, name, int(v)) for v, n in zip(values[shared], users[shared], strict=True)]
    left, found = np.ones(len(records), bool), list[Ints]()
    for _, _, name, value in sorted(common):
        carries = left & (records[name] == value)
        if carries.sum() >= OPENINGS:
            found.append(np.flatnonzero(carries))
            left &= ~carries
    return found


def _repeated(account: Ints) -> int:
    """Accounts with two openings or more."""
    return int((np.unique(account, return_counts=True)[1] >= 2).sum())


def _vectors(terms: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Unit vectors of openings that have a weighted term, and which those are."""
    n, there = len(terms), terms >= 0
    flat = terms[there].astype(np.int64)
    frequency = np.bincount(flat, minlength=TERM_BUCKETS)
    weight = np.where(frequency >= 2, np.log(n / np.maximum(frequency, 1)), 0.0)[flat].astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    sparse: Any = csr_matrix((weight, flat, offsets), shape=(n, TERM_BUCKETS))
    norms = np.sqrt(
        np.bincount(np.repeat(np.arange(n), np.diff(offsets)), weights=weight.astype(np.float64) ** 2, minlength=n)
    )
    said = norms > 0
    scale = (1 / (norms[said] * np.sqrt(DIMENSIONS))).astype(np.float32)
    return np.asarray(sparse[said] @ projection(), np.float32) * scale[:, None], said


def _own(vectors: npt.NDArray[np.float32], account: Ints) -> float:
    """Mean similarity of two openings of one account, without the accounts most like themselves."""
    order = np.argsort(account, kind="stable")
    first = np.flatnonzero(np.diff(account[order], prepend=-1))
    sums = np.add.reduceat(vectors[order].astype(np.float64), first, axis=0)
    squares = np.add.reduceat((vectors[order].astype(np.float64) ** 2).sum(axis=1), first)
    count = np.diff(np.append(first, len(account)))
    several = count >= 2
    similar = ((sums**2).sum(axis=1) - squares)[several]
    pairs = (count * (count - 1.0))[several]
    kept = np.argsort(similar / pairs)[: max(1, int(np.ceil(several.sum() * (1 - LEFT_OUT))))]
    return float(similar[kept].sum() / pairs[kept].sum())


def repetition(account: Ints, records: Records, conversations: Ints) -> float:
    """The share of the other accounts that an opening of an account comes from too, 0 to 1.

    conversations: of each opening, how many its account had; a sample of few of many meets its like so much more
    rarely.
    """
    unique_account, unique = distinct(account, records)
    accounts = len(np.unique(unique_account))
    if accounts < 2:
        return 0.0
    _, place, users = np.unique(unique["prompt_hash"], return_inverse=True, return_counts=True)
    met = float((users[place] - 1).mean()) / (accounts - 1)
    _, kept = np.unique(account, return_counts=True)
    return min(1.0, met * max(1.0, float(conversations.mean()) / float(kept.mean())))
