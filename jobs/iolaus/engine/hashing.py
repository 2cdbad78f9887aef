"""64-bit hashes of numbers in NumPy, the same on every machine and in every run."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


def mix(values: Hashes) -> Hashes:
    """A bijective 64-bit mix (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Hashes = values ^ (values >> np.uint64(31))
    return result


def salted(values: Hashes, salt: int) -> Hashes:
    """Hashes of the same values that do not agree with those of another `salt`."""
    with np.errstate(over="ignore"):
        return mix(values + np.uint64((salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF))


def hashed(a: Ints, b: Ints) -> Hashes:
    """64 bits of each ordered pair of numbers."""
    return mix(mix(a.view(np.uint64)) + b.view(np.uint64))
