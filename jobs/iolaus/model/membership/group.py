"""What a group of accounts has more often than everybody: the profile that accounts are judged by in `profile`.

Values by channel, the time of creation, bins of behaviour, what is asked about. What comes to the driver is one row a
group, and a sample of everybody.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from iolaus.model.account_bins import BINNED, BINS, Floats, Ints
from iolaus.model.population import by_hour, histogram
from iolaus.settings import Profile
from iolaus.text.embedding import DIMENSIONS

MEMBERS = 256  # members' cosines kept of a group


@dataclass(frozen=True)
class Groups:
    """What is known of each group beside its values; groups are numbered in the order of their names."""

    names: list[str]
    size: Ints
    low: Floats  # places of creation between which most members were made
    high: Floats
    inside: Ints  # members by measure and bin, (groups, measures, BINS)
    sums: Floats  # sum of members' vectors, (groups, DIMENSIONS)
    near: list[Floats]  # ascending cosines of members to the sum of the others, of at most MEMBERS
    hours: Ints  # members active by hour, (groups, hours of the window)


def nearness(vectors: Floats, sums: Floats, member: npt.NDArray[np.bool_]) -> Floats:
    """Cosines of unit vectors with sums of groups, (accounts, groups), a member's own vector left out of the sum.

    Rounded, so that a member's cosine is the same number wherever it is computed.
    """
    dots = vectors @ sums.T
    squares = (sums**2).sum(axis=1)[None, :]
    others = np.where(member, squares - 2 * dots + 1, squares)
    cosines: Floats = np.round(np.where(member, dots - 1, dots) / np.sqrt(np.maximum(others, 1e-6)), 6)
    return cosines


_DESCRIBED = (
    "community string, size long, low double, high double, inside array<long>, total array<double>, near "
    "array<double>, hours array<long>"
)


def described(members: DataFrame, binned: DataFrame, window: int, settings: Profile) -> Groups:
    """Each group of enough members. members: (community, account_id); binned: see `bins`; window: its hours."""

    def describe(table: pa.Table) -> pa.Table:
        table = table.sort_by("account_id")  # sums of floats depend on their order
        places = table["place"].drop_null().to_numpy()
        low, high = np.quantile(places, [0.1, 0.9]) if len(places) else (0.0, 1.0)
        inside = histogram(table["bins"]).ravel()
        vectors = matrix(table["vector"].combine_chunks().drop_null())
        total = vectors.sum(axis=0)
        near = np.sort(nearness(vectors, total[None, :], np.ones((len(vectors), 1), bool))[:, 0])
        near = near[np.unique(np.linspace(0, len(near) - 1, MEMBERS).astype(int))] if len(near) > MEMBERS else near
        return pa.table(
            {
                "community": table["community"].slice(0, 1),
                "size": pa.array([len(table)], pa.int64()),
                "low": pa.array([float(low)]),
                "high": pa.array([float(high)]),
                "inside": pa.array([inside.tolist()], pa.list_(pa.int64())),
                "total": pa.array([total.tolist()], pa.list_(pa.float64())),
                "near": pa.array([near.tolist()], pa.list_(pa.float64())),
                "hours": pa.array([by_hour(table["hours"], window).tolist()], pa.list_(pa.int64())),
            }
        )

    grouped = members.join(binned, "account_id").groupBy("community")
    rows = grouped.applyInArrow(describe, _DESCRIBED).toArrow()
    rows = rows.filter(pa.array(rows["size"].to_numpy() >= settings.fewest)).sort_by("community").combine_chunks()
    inside = rows["inside"].combine_chunks().flatten().to_numpy().reshape(-1, len(BINNED), BINS)
    sums = rows["total"].combine_chunks().flatten().to_numpy().reshape(-1, DIMENSIONS)
    near = [np.array(x) for x in rows["near"].to_pylist()]
    low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
    hours = rows["hours"].combine_chunks().flatten().to_numpy().reshape(-1, window)
    return Groups(rows["community"].to_pylist(), rows["size"].to_numpy(), low, high, inside, sums, near, hours)


def matrix(vectors: pa.ListArray) -> Floats:
    """Rows of unit vectors, (rows, DIMENSIONS)."""
    rows: Floats = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float64).reshape(-1, DIMENSIONS)
    return rows
