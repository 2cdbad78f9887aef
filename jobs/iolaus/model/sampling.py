"""Keyed, weighted samples of what an account sent: which items of a set too large to keep are kept.

Priority by exponential ranks (Cohen and Kaplan, Summarizing data using bottom-k sketches, PODC 2007): an item of weight
w gets the rank -ln(u) / w, u uniform on (0, 1), and the items of least rank are kept. The least rank of an item's
occurrences is that of its greatest weight, so ranks merge by minima and samples are additive.

u is drawn from the item by a hash under a salt that is derived from the pseudonymisation key, so that nobody outside
can choose prompts that push others out (decision 19); all accounts of a lake have one salt, so an item that two
accounts share is kept by both or by neither. The weight of a message is the output that it drew, and that of a distinct
prompt the words that it has, so that cheap traffic does not push out dear traffic: to replace one answer of 1,000
tokens in a sample takes some 1,000 answers of one token. A distinct prompt's weight depends on the prompt alone, so the
counts of a sample are exact.
"""

import hmac
from typing import Any

import numpy as np
import numpy.typing as npt

from iolaus.engine.hashing import Ints, mix, salted

Ranks = npt.NDArray[np.float32]


def salt_of(secret: bytes) -> int:
    """The salt of samples under a pseudonymisation key: 63 bits. Two keys give unlike samples."""
    return int.from_bytes(hmac.digest(secret, b"iolaus sampling\0", "sha256")[:8], "little") >> 1


def ranks(items: Ints, size: npt.NDArray[Any], salt: int) -> Ranks:
    """The rank of each item, shape (n,), float32: -ln(u) / w.

    items: 64-bit hashes. size: output tokens or words, 0 if unknown. w is the next lower power of four of size.
    """
    uniform = ((salted(items.view(np.uint64), salt) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    weight = 4.0 ** np.floor(np.log2(np.maximum(size, 1)) / 2)
    made: Ranks = (-np.log(uniform) / weight).astype(np.float32)
    return made


def draws(items: Ints, salt: int) -> npt.NDArray[np.uint64]:
    """An order of items that only the salt decides, shape (n,): for sets whose items weigh alike."""
    return mix(salted(items.view(np.uint64), salt))
