"""Account embeddings: hashed terms, weighted by rarity, projected at random to a short dense vector.

The vector of an account is R^T x / |R^T x|, where x_t = log(1 + n_t) * idf_t over 8,192 hashed terms and R
has independent entries of +1 and -1 (Achlioptas, Database-friendly random projections, PODS 2001). Cosines
between accounts are kept up to a standard error of 1 / sqrt(DIMENSIONS) = 0.09.
"""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix

from iolaus.engine.hashing import mix
from iolaus.engine.records import unpacked
from iolaus.schemas.sketch import TERM
from iolaus.text.fingerprints import TERM_BUCKETS

DIMENSIONS = 128

Floats = npt.NDArray[np.float32]


@functools.cache
def projection() -> Floats:
    """The random signs, shape (TERM_BUCKETS, DIMENSIONS); a pure function of their places."""
    cells = np.arange(TERM_BUCKETS * DIMENSIONS, dtype=np.uint64) + np.uint64(0x10_1A_05)
    signs = np.where(mix(mix(cells)) >> np.uint64(63), np.float32(1), np.float32(-1))
    return signs.reshape(TERM_BUCKETS, DIMENSIONS)


def document_frequencies(terms: pa.BinaryArray) -> npt.NDArray[np.int64]:
    """How many rows, of records TERM, have each term, shape (TERM_BUCKETS,); additive over batches."""
    _, items = unpacked(terms, TERM)
    return np.bincount(items["term"], minlength=TERM_BUCKETS)


def rarity(frequencies: npt.NDArray[np.int64], rows: int) -> Floats:
    """Weight of each term, log((1 + rows) / (1 + frequency)), at least 0."""
    weights: Floats = np.log((1.0 + rows) / (1.0 + frequencies)).clip(min=0).astype(np.float32)
    return weights


def embed(terms: pa.BinaryArray, weights: Floats) -> pa.ListArray:
    """Unit vectors of accounts' TERM records: lists of DIMENSIONS float32, null without a weighted term."""
    lengths, items = unpacked(terms, TERM)
    term, offsets = items["term"].astype(np.int64), np.concatenate([[0], np.cumsum(lengths)])
    value = np.log1p(items["n"]).astype(np.float32) * weights[term]
    sparse: Any = csr_matrix((value, term, offsets), shape=(len(terms), TERM_BUCKETS))
    vectors = np.asarray(sparse @ projection(), np.float32)
    norms = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1))
    filled = norms > 0
    vectors[filled] /= norms[filled, None].astype(np.float32)
    at = np.arange(len(vectors) + 1, dtype=np.int32) * DIMENSIONS
    return pa.ListArray.from_arrays(pa.array(at), pa.array(vectors.ravel()), mask=pa.array(~filled))
