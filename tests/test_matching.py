"""Two labs with one operator in common find it, and learn nothing else but how many values the other has."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from iolaus import cli, lake_format
from iolaus.export.intersection import FIELD, multiplied, new_secret, point
from iolaus.runtime.secret import FILE_VARIABLE, SHARED_FILE_VARIABLE, SHARED_VARIABLE, VARIABLE
from iolaus.settings import Key
from iolaus.text.pseudonyms import block, pseudonym, value_hash

DAY = date(2026, 2, 11)
SHARED = "a key that both labs agreed on by telephone"


def lab(root: Path, key: str, operators: dict[str, tuple[str, list[int]]]) -> Path:
    """A lake of a run that published operators.

    By cluster, the address all five accounts send from and their prompts' hashes.
    """
    stamp = datetime(2026, 2, 11, 12, tzinfo=UTC)
    members, shared_values, sent = [], [], []
    for cluster, (address, prompts) in operators.items():
        for account in (f"{cluster}-{i}" for i in range(5)):
            members.append({"run_date": DAY, "cluster_id": cluster, "account_id": account})
            sent.append({"happened_on": DAY, "requested_at": stamp, "account_id": account, "client_ip": address})
            hidden = [("address", address), ("block", str(block(address)))]
            values = [(kind, int(value_hash(pa.array([pseudonym(key.encode(), kind, x)]))[0])) for kind, x in hidden]
            values += [("head8", x) for x in prompts]
            shared_values += [
                {"run_date": DAY, "account_id": account, "channel": c, "value_hash": t, "n_owners": 5}
                for c, t in values
            ]
        shared_values += [
            {"run_date": DAY, "account_id": f"{cluster}-{i}", "channel": "head4", "value_hash": 77, "n_owners": 900}
            for i in range(5)
        ]
    written: dict[str, list[dict[str, Any]]] = {
        "gold/suspect_clusters": [{"run_date": DAY, "cluster_id": c} for c in operators],
        "gold/suspect_cluster_members": members,
        "features/account_values": shared_values,
        "bronze/exchanges": sent,
        "silver/accounts": [{"run_date": DAY, "key_id": Key(key.encode()).key_id}],
    }
    for name, rows in written.items():
        write_deltalake(root / name, pa.Table.from_pylist(rows))
    (root / lake_format.MARKER).write_text(lake_format.marker("a test"))
    return root


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two labs that exported under the shared key: one operator in common, one of each lab's own."""
    monkeypatch.delenv(SHARED_FILE_VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(SHARED_VARIABLE, SHARED)
    operators = {
        "a": {"both": ("203.0.113.7", [11, 12, 13]), "ours": ("198.51.100.1", [21, 22])},
        "b": {"alias": ("203.0.113.7", [11, 12, 99]), "theirs": ("192.0.2.5", [31])},
    }
    for name, of in operators.items():
        monkeypatch.setenv(VARIABLE, f"the secret key of lab {name}")
        made = lab(tmp_path / name / "lake", f"the secret key of lab {name}", of)
        assert (
            cli.main(
                ["export", "fingerprints", "--lake", str(made), "--lab", name, "--out", str(tmp_path / name / "out")]
            )
            == 0
        )
    return tmp_path / "a", tmp_path / "b"


def send(sender: Path, receiver: Path, name: str) -> None:
    """One file of one lab arrives at the other."""
    (receiver / "in").mkdir(exist_ok=True)
    (receiver / "in" / name).write_text((sender / "out" / name).read_text())


def match(lab_: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert cli.main(["match", str(lab_ / "out"), str(lab_ / "in"), *more]) == 0
    return capsys.readouterr().out


def test_the_operator_in_common_is_found_by_both(labs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = labs
    for sender, receiver in ((a, b), (b, a)):
        send(sender, receiver, "offer.json")
    assert "Put their answer" in match(a, capsys)
    match(b, capsys)
    for sender, receiver in ((a, b), (b, a)):
        send(sender, receiver, "answer.json")
    said = match(a, capsys)
    assert "both: 4 of 5 fingerprints are theirs too (1 address, 1 block, 2 head8)" in said
    assert "ours:" not in said
    assert "alias: 4 of 5" in match(b, capsys)


def test_what_is_sent_says_nothing_but_how_much_it_is(
    labs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = labs
    sent = json.loads((a / "out/offer.json").read_text())
    assert set(sent) == {"format", "lab", "key_id", "values"}
    assert all(x < y for x, y in pairwise(sent["values"])), "in an order that tells nothing"
    assert len(sent["values"]) == 9, (
        "two addresses, their networks, five prompts; what 900 owners have is not among them"
    )
    # The other lab has the shared key and can hash every guess, the right ones too: it finds none of them in the offer.
    truth = [
        ("address", "203.0.113.7"),
        ("address", "198.51.100.1"),
        ("block", "203.0.113.0/24"),
        ("head8", f"{11:016x}"),
    ]
    guesses = {point(SHARED.encode(), kind, value) for kind, value in truth}
    theirs = json.loads((b / "out/private.json").read_text())
    own = bytes.fromhex(theirs["secret"])
    assert not {x.hex() for x in [*guesses, *multiplied(own, guesses)]} & set(sent["values"])
    again = a / "again"
    assert cli.main(["export", "fingerprints", "--lake", str(b / "lake"), "--lab", "b", "--out", str(again)]) == 0
    assert not set(theirs["rows"]) & set(json.loads((again / "offer.json").read_text())["values"]), (
        "each exchange has a secret of its own"
    )
    assert (a / "out/private.json").stat().st_mode & 0o077 == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"key_id": "00000000"}, "another shared key"),
        ({"values": ["00" * 32]}, "not a point of the curve"),
        ({"values": ["zz"]}, "not a point of the curve"),
        ({"values": 7}, "not of the format"),
        ({"values": ["11" * 32] * 10}, "each a guess"),
    ],
)
def test_an_offer_that_is_not_answered(
    labs: tuple[Path, Path], change: dict[str, Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = labs
    send(b, a, "offer.json")
    (a / "in/offer.json").write_text(json.dumps(json.loads((a / "in/offer.json").read_text()) | change))
    capsys.readouterr()
    assert cli.main(["match", str(a / "out"), str(a / "in"), "--most", "9"]) == 2
    assert says in capsys.readouterr().err


def test_guesses_at_every_network_of_a_large_range_are_not_answered(
    labs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A lab of two clusters does not have 65,536 values; as many as ours four times over are answered."""
    a, b = labs
    send(b, a, "offer.json")
    given = json.loads((a / "in/offer.json").read_text())
    for n, status in ((65_536, 2), (1_001, 2), (1_000, 0)):
        (a / "in/offer.json").write_text(json.dumps(given | {"values": given["values"][:1] * n}))
        assert cli.main(["match", str(a / "out"), str(a / "in")]) == status, n
    assert "each a guess" in capsys.readouterr().err


def test_a_second_set_of_guesses_is_not_answered(labs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = labs
    send(b, a, "offer.json")
    match(a, capsys)
    match(a, capsys)  # the same offer again is no new guess
    other = json.loads((a / "in/offer.json").read_text())
    (a / "in/offer.json").write_text(json.dumps(other | {"values": other["values"][:1]}))
    assert cli.main(["match", str(a / "out"), str(a / "in")]) == 2
    assert "another offer already" in capsys.readouterr().err


def test_a_short_shared_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SHARED_VARIABLE, "short")
    assert cli.main(["match", str(tmp_path), str(tmp_path)]) == 2
    assert "shorter than 16 bytes" in capsys.readouterr().err


@settings(max_examples=40, deadline=None)
@given(st.text(), st.text())
def test_only_what_is_equal_meets(x: str, y: str) -> None:
    a, b = new_secret(), new_secret()
    (ours,) = multiplied(b, multiplied(a, [point(b"k" * 16, "address", x)]))
    (theirs,) = multiplied(a, multiplied(b, [point(b"k" * 16, "address", y)]))
    assert (ours == theirs) == (x == y)
    u = int.from_bytes(point(b"k" * 16, "address", x), "little")
    assert u < FIELD
    assert pow((u**3 + 486_662 * u**2 + u) % FIELD, (FIELD - 1) // 2, FIELD) == 1, "on the curve, not on its twist"
