"""How much of what is there was found, from a sample: the estimate and what it is at least."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

_RESAMPLED = 1_000
_ERROR = 0.05  # chance that the true recall is below the bound


def recall(found: Counts, there: Counts) -> float:
    """Share found of what is there, over all sampled rows: (n,) and (n,). NaN where nothing is there."""
    total = int(there.sum())
    return int(found.sum()) / total if total else float("nan")


def recall_at_least(found: Counts, there: Counts, seed: int = 0) -> float:
    """Lower 95% bound of the recall, by the bootstrap over sampled rows; 0 if there is nothing to find.

    Rows are resampled, not pairs, because the pairs of one row are found or missed together. If all is found, every
    resample gives 1; the bound is then that of n pairs without a failure (Clopper and Pearson, 1934).
    """
    total = int(there.sum())
    if not total:
        return 0.0
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(there), np.full(len(there), 1 / len(there)), size=_RESAMPLED)
    sums = weights @ np.stack([found, there], axis=1)
    shares = sums[:, 0] / np.maximum(sums[:, 1], 1)
    return float(min(np.quantile(shares, _ERROR), _ERROR ** (1 / total)))
