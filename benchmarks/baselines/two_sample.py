"""The MMD two-sample test: whether what a group of accounts asks about has the platform's distribution.

Source: Liu et al., *An Embarrassingly Simple Detector for Model Extraction Attacks in Large Language Model API Traffic*
(arXiv 2606.05725): the unbiased MMD of Gretton et al. (2012) with radial basis kernels around the median distance,
averaged over several reference samples, against the quantiles of batches that are both drawn from benign traffic. Where
it departs: the batch is the accounts of one network, access path or creation week, each by its mean vector; and, as
no platform knows which of its past is benign, both sides of the null are drawn from all accounts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from baselines.prepared import Prepared

KINDS = {"asn": "network", "path": "access path", "created_week": "creation week"}
BATCHES = (8, 16, 32, 64, 128)  # accounts of a batch: a group is tested by as many as the largest that it fills
REFERENCES = 20
NULLS = 400
ALARM = 0.05  # the p-value up to which the paper raises an alarm
BANDWIDTHS = (0.5, 1.0, 2.0)  # times the median distance
SEED = 7

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Test:
    """Batches of one size, tested against the platform: the null's scores, and the kernel's widths."""

    null: NDArray[np.float64]
    widths: NDArray[np.float64]


def two_sample(prepared: Prepared) -> Iterator[tuple[str, pl.DataFrame]]:
    """Scored accounts, by each kind of group and by all: a score is how many null deviations its group stands out."""
    alarms = tested(prepared)
    for kinds in ([kind] for kind in KINDS.values()):
        yield kinds[0], _scored(prepared, alarms, kinds)
    yield "all kinds", _scored(prepared, alarms, list(KINDS.values()))


def tested(prepared: Prepared) -> pl.DataFrame:
    """One row a group of at least eight accounts: kind, name, n_accounts, score (null deviations), p_value."""
    rng = np.random.default_rng(SEED)
    known = np.flatnonzero(prepared.vectors.any(axis=1))
    rows = []
    if len(known) >= 2 * min(BATCHES):
        tests = _tests(prepared.vectors[known], rng)
        for kind, name, members in _groups(prepared.accounts, known):
            size = max((b for b in tests if b <= len(members)), default=0)
            if size:
                test = tests[size]
                batch = prepared.vectors[rng.choice(members, size, replace=False)]
                references = (prepared.vectors[rng.choice(known, size, replace=False)] for _ in range(REFERENCES))
                score = float(np.mean([mmd(batch, reference, test.widths) for reference in references]))
                p_value = (1 + int((test.null >= score).sum())) / (1 + len(test.null))
                z = (score - test.null.mean()) / (test.null.std() or 1.0)
                rows.append((kind, name, len(members), float(z), p_value))
    columns = {"kind": pl.String, "name": pl.String, "n_accounts": pl.Int64, "score": pl.Float64, "p_value": pl.Float64}
    return pl.DataFrame(rows, columns, orient="row")


def mmd(x: Vectors, y: Vectors, widths: NDArray[np.float64]) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy, of the mean of kernels of these widths."""
    within = [_kernel(a, a, widths) for a in (x, y)]
    own = sum((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within)
    return float(own - 2 * _kernel(x, y, widths).mean())


def members_of(accounts: pl.DataFrame) -> pl.DataFrame:
    """One row an account and kind of group that it is in: account_id, kind, name."""
    return pl.concat(
        accounts.drop_nulls(column).select(
            "account_id", pl.lit(kind).alias("kind"), pl.col(column).cast(pl.String).alias("name")
        )
        for column, kind in KINDS.items()
    )


def _groups(accounts: pl.DataFrame, known: NDArray[np.integer]) -> Iterator[tuple[str, str, NDArray[np.integer]]]:
    at = accounts[known].select("account_id", at=pl.Series(known))
    grouped = members_of(accounts).join(at, on="account_id").group_by("kind", "name").agg(pl.col("at").sort())
    for kind, name, members in grouped.sort("kind", "name").iter_rows():
        yield kind, name, np.array(members)


def _tests(vectors: Vectors, rng: np.random.Generator) -> dict[int, Test]:
    sample = vectors[rng.choice(len(vectors), min(1000, len(vectors)), replace=False)]
    distances = np.sqrt(_squared(sample, sample)[np.triu_indices(len(sample), 1)])
    widths = np.array(BANDWIDTHS) * (float(np.median(distances)) or 1.0)
    tests = {}
    for size in (b for b in BATCHES if 2 * b <= len(vectors)):
        draws = (vectors[rng.choice(len(vectors), 2 * size, replace=False)] for _ in range(NULLS))
        tests[size] = Test(np.array([mmd(both[:size], both[size:], widths) for both in draws]), widths)
    return tests


def _squared(x: Vectors, y: Vectors) -> NDArray[np.float64]:
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * (x @ y.T)
    return np.asarray(np.maximum(squares, 0), np.float64)


def _kernel(x: Vectors, y: Vectors, widths: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = _squared(x, y)
    return np.asarray(np.mean([np.exp(-squared / (2 * width * width)) for width in widths], axis=0), np.float64)


def _scored(prepared: Prepared, alarms: pl.DataFrame, kinds: list[str]) -> pl.DataFrame:
    groups = alarms.filter(pl.col("kind").is_in(kinds))
    best = (
        members_of(prepared.accounts)
        .join(groups, on=["kind", "name"])
        .sort("account_id", "score", "kind", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
    )
    return best.select("account_id", pl.format("{} {}", "kind", "name").alias("group"), "score")
