"""Pseudonyms: HMAC-SHA-256 of identifiers, and the network an address belongs to.

HMAC: RFC 2104; the first 128 bits are kept, as its section 5 allows, in 32 hexadecimal digits. Each kind
of identifier has its own domain, so that an address and a card that are spelt alike do not meet.
"""

import hmac
import ipaddress
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DIGITS = 32
_KEPT = 1 << 16  # identifiers that a process remembers from batch to batch: an account sends from few places


@lru_cache(_KEPT)
def pseudonym(secret: bytes, kind: str, value: str) -> str:
    """The pseudonym of one identifier."""
    return hmac.digest(secret, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256").hex()[:DIGITS]


def pseudonyms(secret: bytes, kind: str, values: pa.Array) -> pa.Array:
    """Pseudonyms of a batch, null for null and empty; each distinct value is computed once."""
    coded = values.cast(pa.string()).dictionary_encode()
    distinct = pa.array([pseudonym(secret, kind, v) if v else None for v in coded.dictionary.to_pylist()], pa.string())
    return distinct.take(coded.indices)


@lru_cache(_KEPT)
def canonical_address(value: str | None) -> str | None:
    """An address in its one spelling (IPv4 in IPv6 unwrapped, case and zeros of IPv6 folded); itself if it is none."""
    if not value:
        return None
    try:
        address = ipaddress.ip_address(value.strip().split("%")[0])
    except ValueError:
        return value.strip().lower()
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


@lru_cache(_KEPT)
def block(value: str | None) -> str | None:
    """The network around an address: its /24 (IPv4) or /48 (IPv6); None if it is no address."""
    canonical = canonical_address(value)
    if canonical is None:
        return None
    try:
        address = ipaddress.ip_address(canonical)
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


_IPV4 = r"^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$"  # in its one spelling


def addresses(secret: bytes, values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Pseudonyms of a batch of addresses and of the networks around them; each distinct one is computed once."""
    coded = values.cast(pa.string()).dictionary_encode()
    spelt = coded.dictionary
    plain = pc.match_substring_regex(spelt, _IPV4)  # most are, and need no parser
    others = spelt.filter(pc.invert(plain)).to_pylist()
    exact = _with(spelt, plain, [canonical_address(v) for v in others])
    around = _with(pc.replace_substring_regex(spelt, r"\d+$", "0/24"), plain, [block(v) for v in others])
    return pseudonyms(secret, "address", exact).take(coded.indices), pseudonyms(secret, "block", around).take(
        coded.indices
    )


def _with(texts: pa.Array, kept: pa.BooleanArray, others: list[str | None]) -> pa.Array:
    """The texts that are kept, with others in place of the rest."""
    return pc.replace_with_mask(texts, pc.invert(kept), pa.array(others, pa.string())) if others else texts


def value_hash(pseudonym_column: pa.Array) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The first 64 bits of pseudonyms as signed integers (0 for null), for sketches and joins."""
    return np.asarray(
        [int(v[:16], 16) - (1 << 64 if v[0] >= "8" else 0) if v else 0 for v in pseudonym_column.to_pylist()], np.int64
    )
