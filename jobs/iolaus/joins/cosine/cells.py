"""Cells around pivots: which few places of the unit sphere a vector is compared in.

Pivots are centres of spherical k-means, in two levels, so that finding the nearest of P pivots takes about
WAYS * sqrt(P) products and not P. A vector is at home in the cell of its nearest pivot and is copied to the cells of
the next nearest: two vectors meet if either is at home where the other is at home or copied to.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Cell = npt.NDArray[np.int32]

WAYS = 4  # coarse cells that a vector looks into for its nearest fine ones
_FEW = 12  # largest found by passes
_ROUNDS = 6  # of k-means: later ones move few pivots, and recall is measured, not assumed
_STRIP = 8_192  # vectors assigned at once: 8,192 x 4 x 130 products are 17 MB


@dataclass(frozen=True)
class Cells:
    """Pivots, as unit vectors.

    coarse: (S, d). fine: (P, d); those of coarse cell s are fine[starts[s]:starts[s + 1]].
    """

    coarse: Floats
    fine: Floats
    starts: Ints

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self.fine)

    def nearest(self, vectors: Floats, most: int) -> Cell:
        """The numbers of the `most` cells nearest to each of (n, d) unit vectors, nearest first.

        Shape (n, min(most, count)).

        Nearest among the fine cells of the WAYS nearest coarse cells; where these hold too few, the last is repeated.
        """
        most = min(most, self.count)
        if self.count == 1:
            return np.zeros((len(vectors), 1), np.int32)
        strips = [self._nearest(vectors[at : at + _STRIP], most) for at in range(0, len(vectors), _STRIP)]
        return np.concatenate(strips) if strips else np.zeros((0, most), np.int32)

    def _nearest(self, vectors: Floats, most: int) -> Cell:
        n, ways, wide = len(vectors), min(WAYS, len(self.coarse)), int(np.diff(self.starts).max())
        ways = max(ways, min(len(self.coarse), -(-most * len(self.coarse) // self.count) + 1))
        near, _ = _largest(vectors @ self.coarse.T, ways)
        products = np.full((n, ways, wide), -2.0, np.float32)
        order = near.ravel().argsort(kind="stable")
        row, way = np.divmod(order, ways)
        bounds = np.searchsorted(near.ravel()[order], np.arange(len(self.coarse) + 1))
        for s in range(len(self.coarse)):
            part = slice(bounds[s], bounds[s + 1])
            first, end = self.starts[s], self.starts[s + 1]
            if part.start < part.stop:
                products[row[part], way[part], : end - first] = vectors[row[part]] @ self.fine[first:end].T
        flat = products.reshape(n, -1)
        top, product = _largest(flat, min(most, flat.shape[1]))
        found = self.starts[:-1][np.take_along_axis(near, top // wide, axis=1)] + top % wide
        found = np.where(product < -1.5, found[:, :1], found)  # no more candidates: home again
        padded = np.concatenate([found, np.repeat(found[:, :1], most - found.shape[1], axis=1)], axis=1)
        return padded.astype(np.int32)


ONE_CELL = Cells(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32), np.array([0, 1]))


def _largest(values: Floats, most: int) -> tuple[Ints, Floats]:
    """Positions and values of the `most` largest of each row, largest first; equals in order of position.

    For few out of many, one pass for each is three times faster than a partial sort. `values` is overwritten.
    """
    row = np.arange(len(values))[:, None]
    if most > _FEW:
        top = np.sort(np.argpartition(-values, min(most, values.shape[1]) - 1, axis=1)[:, :most], axis=1)
        order = np.argsort(-values[row, top], axis=1, kind="stable")
        top = np.take_along_axis(top, order, axis=1)
        return top, values[row, top]
    top, found = np.empty((len(values), most), np.int64), np.empty((len(values), most), np.float32)
    for place in range(most):
        top[:, place] = values.argmax(axis=1)
        found[:, place] = values[row[:, 0], top[:, place]]
        values[row[:, 0], top[:, place]] = -np.inf
    return top, found


def make_cells(sample: Floats, count: int, seed: int) -> Cells:
    """About `count` cells for what (n, d) unit vectors are a sample of, each holding about as many of them."""
    if count <= 1 or len(sample) <= 1:
        return ONE_CELL
    random = np.random.default_rng(seed)
    coarse = _centres(sample, max(1, round(count**0.5)), random)
    home = (sample @ coarse.T).argmax(axis=1)
    fine = list[Floats]()
    for s in range(len(coarse)):
        inside = sample[home == s]
        wanted = round(count * len(inside) / len(sample))
        fine.append(_centres(inside, wanted, random) if wanted > 1 else coarse[s : s + 1])
    starts = np.concatenate([[0], np.cumsum([len(f) for f in fine])])
    return Cells(coarse, np.concatenate(fine), starts)


def _centres(sample: Floats, count: int, random: np.random.Generator) -> Floats:
    """At most `count` centres of (n, d) unit vectors by spherical k-means; an empty centre is left where it was."""
    centres = sample[random.choice(len(sample), min(count, len(sample)), replace=False)]
    for _ in range(_ROUNDS):
        home = (sample @ centres.T).argmax(axis=1)
        order = home.argsort(kind="stable")
        held, first = np.unique(home[order], return_index=True)
        sums = np.add.reduceat(sample[order], first, axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = centres.copy()
        centres[held] = np.where(norms > 0, sums / np.maximum(norms, 1e-12), centres[held])
    return centres
