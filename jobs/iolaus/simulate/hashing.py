"""Draws that depend on what they are for, and on nothing else: counter-based hashing of 64-bit keys.

Every random choice of the simulator is a hash of (seed, group, account, day, request, field), so that a
row is the same in whatever partition, order or batch it is made. All arithmetic is on integers and on
lookup tables: no result depends on how a vector is cut.

The finaliser is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators",
section 5), a bijection on 64 bits: distinct packed coordinates give distinct ids.
"""

import math
from hashlib import sha256
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_HEX = np.frombuffer("".join(f"{b:02x}" for b in range(256)).encode(), dtype=np.uint16)
TABLE_BITS = 12
TABLE_SIZE = 1 << TABLE_BITS
ACCOUNT_BITS, DAY_BITS, REQUEST_BITS = 26, 10, 20  # with 8 bits of group, 64: the limits of one landing


def constant(*names: object) -> np.uint64:
    """The 64-bit key of some names."""
    return np.uint64(int.from_bytes(sha256("\x1f".join(map(str, names)).encode()).digest()[:8], "big"))


def mix(keys: U64) -> U64:
    """SplitMix64's finaliser, elementwise. Shape kept."""
    out = keys ^ (keys >> np.uint64(30))
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def draw(keys: U64, field: int) -> U64:
    """64 random bits for each key, for the use numbered `field`."""
    return mix(keys + np.uint64((field + 1) * _GOLDEN & _MASK))


def join(keys: U64, others: U64 | np.uint64) -> U64:
    """One key of two, elementwise."""
    return mix(keys ^ mix(np.atleast_1d(np.asarray(others, dtype=np.uint64)) + np.uint64(_GOLDEN)))


def pack(group: int, account: I64, day: I64 | int, request: I64 | int) -> U64:
    """The coordinates of an account (day = request = 0) or of an exchange in one integer, without collision."""
    packed = account.astype(np.uint64) << np.uint64(DAY_BITS + REQUEST_BITS)
    packed |= np.uint64(group << (ACCOUNT_BITS + DAY_BITS + REQUEST_BITS))
    packed |= np.asarray(day, dtype=np.uint64) << np.uint64(REQUEST_BITS)
    packed |= np.asarray(request, dtype=np.uint64)
    return packed


def below(bits: U64, n: I64 | int) -> I64:
    """An integer in [0, n) from the upper 32 bits, elementwise; n < 2^31."""
    return ((bits >> np.uint64(32)) * np.asarray(n, dtype=np.uint64) >> np.uint64(32)).astype(np.int64)


def chance(bits: U64, share: float | npt.NDArray[np.float64]) -> Bools:
    """True with the given probability, from the lower 32 bits."""
    limit = np.round(np.asarray(share) * 4294967296.0).astype(np.uint64)
    return (bits & np.uint64(0xFFFFFFFF)) < limit


def lookup(bits: U64, table: I64) -> I64:
    """An entry of a table of 4,096, from the upper 12 bits."""
    return table[(bits >> np.uint64(64 - TABLE_BITS)).astype(np.int64)]


def weighted(bits: U64, weights: tuple[int, ...] | list[int]) -> I64:
    """An index drawn with integer weights that sum to 256 at most (the last takes the rest), from the lower 8 bits."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))[:-1]
    return np.searchsorted(edges, (bits & np.uint64(0xFF)).astype(np.int64), side="right").astype(np.int64)


def lognormal(median: float, sigma: float, *, most: float = float("inf")) -> I64:
    """4,096 quantiles of a lognormal, rounded to integers, at most `most`."""
    normal = NormalDist()
    scores = [normal.inv_cdf((i + 0.5) / TABLE_SIZE) for i in range(TABLE_SIZE)]
    return np.array([round(min(most, median * math.exp(sigma * score))) for score in scores], dtype=np.int64)


def inverse(weights: list[float], span: int) -> I64:
    """4,096 quantiles, on the axis [0, span), of a density given as equal steps of `weights`."""
    mass = np.cumsum(np.asarray(weights, dtype=np.float64))
    at = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE * mass[-1]
    edges = np.concatenate([[0.0], mass])
    return np.asarray(np.interp(at, edges, np.linspace(0, span, len(weights) + 1)).astype(np.int64))


def hexadecimal(prefix: str, keys: U64, digits: int = 16) -> pa.StringArray:
    """Ids: the prefix and the first `digits` (even, at most 16) hexadecimal digits of each key."""
    n, start = len(keys), len(prefix)
    width = start + digits
    raw = np.empty((n, width), dtype=np.uint8)
    raw[:, :start] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    octets = keys.astype(">u8").view(np.uint8).reshape(n, 8)[:, : digits // 2]
    raw[:, start:] = np.ascontiguousarray(_HEX[octets]).view(np.uint8).reshape(n, digits)
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(raw))
