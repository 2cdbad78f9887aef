"""Whether two accounts ask about the same subject: their vectors are closer than those of nearly all random pairs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.joins.cosine.join import background, sampled
from iolaus.settings import Pairs


@dataclass(frozen=True)
class SameSubject:
    """The cut: `tail` is the share of random pairs at least as close as `threshold`.

    cosines: of random pairs, ascending.
    """

    tail: float
    threshold: float
    cosines: npt.NDArray[np.float32]


def spoken(profiles: DataFrame, settings: Pairs) -> DataFrame:
    """The accounts that said enough to have a subject."""
    return profiles.where(F.col("vector").isNotNull() & (F.col("prompt_words") >= settings.content_words))


def same_subject(vectors: DataFrame, accounts: int, settings: Pairs) -> SameSubject | None:
    """The cut for so many accounts, from a sample of (account_id, vector); None of fewer than three.

    Where a share of `content_tail` of all pairs would be more than `content_neighbours` an account, it is so many:
    pairs of one subject then grow with the accounts and not with their square.
    """
    sample = sampled(vectors.select(F.col("account_id").alias("id"), "vector"), settings.content_sample)
    if len(sample) < 3:
        return None
    cosines = background(sample)
    tail = min(settings.content_tail, settings.content_neighbours / max(accounts, 1))
    return SameSubject(tail, min(float(np.quantile(cosines, 1 - tail)), 1.0), cosines)
