"""Embeddings: cosines come near those of the weighted terms, each vector is the account's own."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from iolaus.schemas.sketch import TERM
from iolaus.text.embedding import DIMENSIONS, document_frequencies, embed, projection, rarity
from iolaus.text.fingerprints import TERM_BUCKETS

Counts = list[dict[int, int]]


def column(counts: Counts) -> pa.BinaryArray:
    return pa.array([np.array(sorted(row.items()), TERM).tobytes() for row in counts], pa.binary())


def corpus(rows: int, seed: int) -> Counts:
    """Accounts that draw most of their terms from one of eight subjects and the rest from a common vocabulary."""
    rng = np.random.default_rng(seed)
    subjects = [rng.choice(TERM_BUCKETS, 40, replace=False) for _ in range(8)]
    common = rng.choice(TERM_BUCKETS, 400, replace=False)
    out: Counts = []
    for row in range(rows):
        share = rng.uniform(0, 1)
        own, shared = rng.choice(subjects[row % 8], int(90 * share) + 5), rng.choice(common, int(90 * (1 - share)) + 5)
        terms = np.unique(np.concatenate([own, shared]))
        out.append(dict(zip(terms.tolist(), rng.geometric(0.1, len(terms)).tolist(), strict=True)))
    return out


def dense(counts: Counts) -> npt.NDArray[np.float64]:
    """Unit tf-idf vectors by the definition."""
    tf = np.zeros((len(counts), TERM_BUCKETS))
    for i, row in enumerate(counts):
        for term, n in row.items():
            tf[i, term] = n
    idf = np.log((1 + len(counts)) / (1 + (tf > 0).sum(axis=0)))
    weighted = np.log(1 + tf) * idf
    made: npt.NDArray[np.float64] = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    return made


def vectors(column_: pa.ListArray) -> npt.NDArray[np.float32]:
    made: npt.NDArray[np.float32] = column_.flatten().to_numpy().reshape(-1, DIMENSIONS)
    return made


def test_cosines_are_those_of_tf_idf_within_the_projection_s_error() -> None:
    counts = corpus(160, seed=2)
    terms = column(counts)
    found = vectors(embed(terms, rarity(document_frequencies(terms), len(counts))))
    exact = dense(counts)
    projected = exact @ projection()
    np.testing.assert_allclose(found, projected / np.linalg.norm(projected, axis=1, keepdims=True), atol=1e-5)
    upper = np.triu_indices(len(counts), 1)
    error, truth = (found @ found.T - exact @ exact.T)[upper], (exact @ exact.T)[upper]
    assert truth.max() > 0.6
    assert truth.min() < 0.05
    assert np.sqrt((error**2).mean()) < 1.1 / np.sqrt(DIMENSIONS)
    assert abs(error.mean()) < 0.02
    assert np.abs(error).max() < 5 / np.sqrt(DIMENSIONS)


def test_vectors_have_unit_length() -> None:
    terms = column(corpus(50, seed=3))
    lengths = np.linalg.norm(vectors(embed(terms, rarity(document_frequencies(terms), 50))), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_no_words_and_no_rare_words_have_no_vector() -> None:
    terms = column([{5: 1, 6: 2}, {}, {5: 3}])
    weights = np.zeros(TERM_BUCKETS, np.float32)
    weights[6] = 1.0
    assert embed(terms, weights).is_valid().to_pylist() == [True, False, False]
    assert embed(column([]), weights).to_pylist() == []


def test_a_vector_is_the_same_in_any_batch() -> None:
    terms = column(corpus(40, seed=4))
    weights = rarity(document_frequencies(terms), 40)
    whole = embed(terms, weights)
    assert pa.chunked_array([embed(terms.slice(i, 7), weights) for i in range(0, 40, 7)]).combine_chunks().equals(whole)
    order = pa.array(np.random.default_rng(1).permutation(40))
    assert embed(terms.take(order), weights).equals(whole.take(order))


def test_document_frequencies_count_rows_and_add_up() -> None:
    counts = corpus(30, seed=5)
    frequencies = document_frequencies(column(counts))
    assert frequencies.tolist() == [sum(term in row for row in counts) for term in range(TERM_BUCKETS)]
    np.testing.assert_array_equal(
        frequencies, document_frequencies(column(counts[:11])) + document_frequencies(column(counts[11:]))
    )


def test_rarity_falls_with_frequency_to_nothing() -> None:
    weights = rarity(np.array([0, 1, 9, 10]), 10)
    assert weights.tolist() == pytest.approx([np.log(11), np.log(5.5), np.log(1.1), 0])
    assert (rarity(np.array([30]), 10) == 0).all()


def test_the_projection_is_of_balanced_independent_signs() -> None:
    signs = projection()
    assert signs.shape == (TERM_BUCKETS, DIMENSIONS)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert abs(signs.mean()) < 4 / np.sqrt(signs.size)
    assert np.abs(signs.mean(axis=0)).max() < 5 / np.sqrt(TERM_BUCKETS)
    columns = (signs.T @ signs) / TERM_BUCKETS - np.eye(DIMENSIONS)
    assert np.abs(columns).max() < 5.5 / np.sqrt(TERM_BUCKETS)
