"""Keys of sets: numbers of which two sets with a Jaccard similarity of at least t share one, surely or nearly surely.

Prefixes lose nothing. In one order of all tokens, rare ones first, take a set's tokens from the front while those from
there to the end weigh t of the whole: two similar sets share a token of these prefixes (Chaudhuri, Ganti and Kaushik,
2006; Bayardo, Ma and Srikant, 2007). For plain sets these are floor((1 - t) n) + 1 tokens.

MinHash bands are for where every prefix is of hot tokens. Of b bands of r minima each, two sets of similarity s share
one with probability 1 - (1 - s^r)^b (Broder, 1997; Indyk and Motwani, 1998).
"""

import math
from dataclasses import dataclass

import numpy as np

from iolaus.joins.cosine.vectors import mixed
from iolaus.joins.jaccard.sets import Ints, Ragged, Sets

BUCKETS = 1 << 16  # tokens are ordered by how often their bucket occurs: a hot one is told from the rest, and 512 KB tell it
ROUNDING = 1e-9  # of sums of weights
MOST_MINIMA = 512


@dataclass(frozen=True)
class Prefix:
    """counts: (BUCKETS,) how many sets have a token of each bucket."""

    threshold: float
    counts: Ints

    def keys(self, sets: Sets) -> Ragged:
        """The tokens of each set's prefix."""
        tokens = sets.tokens.values
        row = np.repeat(np.arange(len(sets)), sets.tokens.sizes)
        order = np.lexsort((mixed(tokens.view(np.uint64)), self.counts[bucket(tokens)], row))
        weights = sets.weights[order]
        before = np.cumsum(weights) - weights
        before -= np.repeat(before[sets.tokens.starts[:-1]], sets.tokens.sizes)
        total = np.repeat(sets.totals(), sets.tokens.sizes)
        kept = total - before >= self.threshold * total * (1 - ROUNDING)
        starts = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(sets)))])
        return Ragged(starts.astype(np.int64), tokens[order][kept])


def bucket(tokens: Ints) -> Ints:
    """Which bucket each token is counted in."""
    return (mixed(tokens.view(np.uint64)).view(np.uint64) % np.uint64(BUCKETS)).astype(np.int64)


@dataclass(frozen=True)
class Bands:
    """`bands` keys of `rows` minima each; weights are not looked at."""

    bands: int
    rows: int
    seed: int

    def keys(self, sets: Sets) -> Ragged:
        """One key a band."""
        tokens, starts = sets.tokens.values.view(np.uint64), sets.tokens.starts[:-1]
        found = np.empty((len(sets), self.bands), np.int64)
        for band in range(self.bands):
            sums = np.full(len(sets), band, np.uint64)
            for row in range(self.rows if len(sets) else 0):
                salt = mixed(np.array([(self.seed << 20) + band * self.rows + row], np.uint64)).view(np.uint64)
                least = np.minimum.reduceat(mixed(tokens ^ salt).view(np.uint64), starts)
                sums = mixed(sums ^ least).view(np.uint64)
            found[:, band] = sums.view(np.int64)
        return Ragged(np.arange(len(sets) + 1) * self.bands, found.ravel())

    def recall(self, threshold: float) -> float:
        """The chance that a pair just at the threshold shares a key; closer pairs have a better one."""
        return float(1 - (1 - threshold**self.rows) ** self.bands)


Keys = Prefix | Bands


def bands_for(threshold: float, rows: int, target: float, seed: int) -> Bands | None:
    """Fewest bands of so many minima with which a pair at the threshold is found with the target's chance; None if too many."""
    chance = min(threshold**rows, 1 - 1e-12)
    bands = max(1, math.ceil(math.log(1 - target) / math.log1p(-chance)))
    return Bands(bands, rows, seed) if bands * rows <= MOST_MINIMA else None


def occurrences(keys: Ragged, buckets: int) -> Ints:
    """(buckets,) how many keys fall into each."""
    place = (mixed(keys.values.view(np.uint64)).view(np.uint64) % np.uint64(buckets)).astype(np.int64)
    return np.bincount(place, minlength=buckets)


def pairs_of(counts: Ints) -> int:
    """About how many pairs share a key, one for each key they share, from how many keys fall into each bucket.

    Buckets meet by chance: of M keys in B buckets a share 1 / B of all pairs of keys, which is taken off.
    """
    total, squares, buckets = float(counts.sum()), float((counts.astype(np.float64) ** 2).sum()), len(counts)
    second = (squares - total**2 / buckets) / (1 - 1 / buckets)
    return max(0, round((second - total) / 2))
