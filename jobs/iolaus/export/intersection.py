"""Private set intersection of two parties by Diffie-Hellman.

Each learns which of its own values the other has too, and how many the other has; nothing else, however few values are
possible.

A keyed hash would not do: whoever holds the key can hash every IPv4 address in minutes. Here each value is hashed to a
point of Curve25519, multiplied by a secret of its owner, and by a secret of the other party; only what both have
multiplied can be compared. To try a guess, a party must put it among its own values and have the other multiply it:
guesses are as many as the values it offers, which the other sees and bounds.

Meadows, A more efficient cryptographic matchmaking protocol (IEEE S&P 1986); Huberman, Franklin and Hogg, Enhancing
privacy and trust in electronic communities (EC 1999). Secure against parties that follow it and are curious, if
decisional Diffie-Hellman is hard. Multiplication is X25519 (RFC 7748), of the library `cryptography`; only the curve
itself is hashed to (try and increment), not its twist, for which of the two a point lies on would tell one bit of the
value.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from itertools import count

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

FIELD = 2**255 - 19
_A = 486_662  # Curve25519: y^2 = x^3 + A x^2 + x
BYTES = 32


def new_secret() -> bytes:
    """A scalar, for one exchange with one party."""
    return X25519PrivateKey.generate().private_bytes_raw()


def point(shared: bytes, kind: str, value: str) -> bytes:
    """The point of a value: its u-coordinate. Who does not have the shared key cannot tell which value it is of."""
    for attempt in count():
        hashed = hmac.new(shared, f"{attempt}\0{kind}\0{value}".encode(), sha256).digest()
        u = int.from_bytes(hashed, "little") & ((1 << 255) - 1)
        if u < FIELD and pow(u * (u * u + _A * u + 1) % FIELD, (FIELD - 1) // 2, FIELD) == 1:
            return u.to_bytes(BYTES, "little")
    raise AssertionError("every second number is a coordinate of the curve")


def multiplied(secret: bytes, points: Iterable[bytes]) -> list[bytes]:
    """Points multiplied by a secret, in their order. Raises ValueError for what is no point of large order."""
    own = X25519PrivateKey.from_private_bytes(secret)
    return [own.exchange(X25519PublicKey.from_public_bytes(x)) for x in points]
