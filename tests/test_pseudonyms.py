"""Pseudonyms: HMAC by the standard library, one spelling an address, nothing of the clear value."""

import hashlib
import hmac
import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iolaus.text.pseudonyms import addresses, block, canonical_address, pseudonym, pseudonyms, value_hash

SECRET = b"a key for tests alone"


def expected(kind: str, value: str) -> str:
    return hmac.digest(SECRET, kind.encode() + b"\x00" + value.encode(), "sha256").hex()[:32]


def of_address(value: str | None) -> tuple[str | None, str | None]:
    exact, around = addresses(SECRET, pa.array([value], pa.string()))
    return exact[0].as_py(), around[0].as_py()


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.none() | st.text(max_size=12), max_size=10))
def test_a_batch_is_hmac_of_each_value_and_null_for_nothing(values: list[str | None]) -> None:
    found = pseudonyms(SECRET, "card", pa.array(values, pa.string())).to_pylist()
    assert found == [expected("card", v) if v else None for v in values]


def test_rfc_4231_case_2_through_the_same_construction() -> None:
    """The published vector of HMAC-SHA-256, with its data split at the domain's end as ours is not.

    The digest is the standard's.
    """
    vector = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest() == vector
    assert (
        pseudonym(b"Jefe", "what do ya want", "for nothing?")
        == hmac.digest(b"Jefe", b"what do ya want\0for nothing?", "sha256").hex()[:32]
    )


def test_kinds_keys_and_values_part_pseudonyms() -> None:
    every = [
        pseudonym(key, kind, value)
        for key in (b"k1", b"k2")
        for kind in ("card", "address", "car")
        for value in ("x", "dx", "")
    ]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    "value", ["visa-4242", "203.0.113.77", "example.org", "2001:db8::77", "Mozilla/5.0 (X11)", "карта"]
)
def test_the_clear_value_is_not_in_its_pseudonym(value: str) -> None:
    found = pseudonym(SECRET, "card", value)
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")
    assert value.lower() not in found
    assert value.encode().hex() not in found


def test_unpaired_surrogates_have_a_pseudonym() -> None:
    assert pseudonym(SECRET, "card", "\ud800") != pseudonym(SECRET, "card", "\ud801")


@pytest.mark.parametrize(
    ("spellings", "canonical", "around"),
    [
        (
            [
                "203.0.113.77",
                " 203.0.113.77\n",
                "::ffff:203.0.113.77",
                "::FFFF:CB00:714D",
                "0:0:0:0:0:ffff:203.0.113.77",
            ],
            "203.0.113.77",
            "203.0.113.0/24",
        ),
        (["2001:db8::1", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1", "2001:db8::0.0.0.1"], "2001:db8::1", "2001:db8::/48"),
        (["fe80::1%eth0", "fe80::1%en1", "FE80::1"], "fe80::1", "fe80::/48"),
        (["0.0.0.0"], "0.0.0.0", "0.0.0.0/24"),  # noqa: S104  an address to read, not to bind
    ],
)
def test_an_address_has_one_spelling(spellings: list[str], canonical: str, around: str) -> None:
    assert {canonical_address(s) for s in spellings} == {canonical}
    assert {block(s) for s in spellings} == {around}
    assert {of_address(s) for s in spellings} == {(expected("address", canonical), expected("block", around))}


@pytest.mark.parametrize(
    "value",
    [
        "999.1.1.1",
        "203.0.113.077",
        "203.0.113",
        "203.0.113.77:443",
        "localhost",
        "2001:db8:::1",
        "1.2.3.4/24",
        "１.2.3.4",
    ],
)
def test_a_malformed_address_is_itself_and_has_no_block(value: str) -> None:
    assert canonical_address(value.upper()) == value
    assert block(value) is None
    assert of_address(value) == (expected("address", value), None)


@pytest.mark.parametrize("value", [None, "", " ", "\t"])
def test_no_address_has_no_pseudonym(value: str | None) -> None:
    assert not canonical_address(value)
    assert block(value) is None
    assert of_address(value) == (None, None)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.ip_addresses(), st.integers(0, 2**80 - 1))
def test_addresses_share_a_block_as_far_as_its_length(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, noise: int
) -> None:
    if address.version == 6 and (address.ipv4_mapped or not int(address) >> 80):
        return  # an IPv4 address in disguise, or one beside it
    host = 8 if address.version == 4 else 80
    near = type(address)(int(address) >> host << host | noise % 2**host)
    far = type(address)(int(address) ^ (1 << host))
    assert of_address(str(near))[1] == of_address(str(address))[1]
    if not (far.version == 6 and not int(far) >> 80):
        assert of_address(str(far))[1] != of_address(str(address))[1]


def test_null_and_repeated_addresses_in_a_batch() -> None:
    values = ["203.0.113.1", None, "203.0.113.1", "203.0.113.2", ""]
    exact, around = (column.to_pylist() for column in addresses(SECRET, pa.array(values, pa.string())))
    assert exact[0] == exact[2] != exact[3]
    assert around[0] == around[2] == around[3]
    assert (exact[1], exact[4], around[1], around[4]) == (None,) * 4


def test_value_hashes_are_the_head_of_a_pseudonym_as_a_signed_integer() -> None:
    edges = ["0" * 32, "7" + "f" * 31, "8" + "0" * 31, "f" * 32, None]
    assert value_hash(pa.array(edges, pa.string())).tolist() == [0, 2**63 - 1, -(2**63), -1, 0]
    many = pseudonyms(SECRET, "card", pa.array([f"card {i}" for i in range(500)]))
    found = value_hash(many)
    assert found.dtype == np.int64
    assert found.tolist() == [int.from_bytes(bytes.fromhex(p[:16]), "big", signed=True) for p in many.to_pylist()]
    assert 0.4 < (found < 0).mean() < 0.6
