"""What a client sends has a bounded size from bronze on, and tells what was cut off."""

import json
from datetime import date
from hashlib import sha256

import pytest

from iolaus.schemas.landing import EXCHANGE
from iolaus.settings import Ingestion
from iolaus.text.bounds import MORE, MOST_ITEMS, NAME_BYTES, cut
from iolaus.text.parsing import judge

DAY = date(2026, 2, 10)
MOST = 4_096
LIMITS = Ingestion(text_bytes=MOST)
SOUND = {
    "exchange_id": "e",
    "account_id": "a",
    "requested_at": "2026-02-10T08:00:00Z",
    "request_model": "m",
    "prompt": "p",
}


def row(**fields: object) -> dict[str, object]:
    """An exchange with these fields, as it is accepted."""
    found = judge([json.dumps(SOUND | fields).encode()], EXCHANGE, LIMITS, DAY)
    assert found.reasons == {}
    values = dict(zip([*(f.name for f in EXCHANGE), "extra"], (c.to_pylist()[0] for c in found.columns), strict=True))
    return values | {"extra": dict(values["extra"] or [])}


@pytest.mark.parametrize("text", ["a" * 5_000, "\u00e9" * 5_000, "\U0001f600" * 2_000, "x" * 4_097])
def test_a_cut_text_keeps_its_ends_its_length_and_its_hash(text: str) -> None:
    made, size = cut(text, MOST), len(text.encode())
    assert len(made.encode()) <= MOST
    assert f"[{size} bytes, sha256 {sha256(text.encode()).hexdigest()[:32]}]" in made
    assert (made[0], made[-1]) == (text[0], text[-1])
    assert len(made.encode()) > MOST - 8, "no more is cut than must be"
    assert cut(text, size) == text


def test_two_texts_are_the_same_after_the_cut_only_if_they_were_before() -> None:
    middle = [f"{'a' * 3_000}{i}{'z' * 3_000}" for i in range(50)]
    assert len({cut(text, MOST) for text in middle}) == 50
    assert cut(middle[7], MOST) == cut(middle[7], MOST)


def test_every_text_and_list_of_an_exchange_is_bounded() -> None:
    names = [f.name for f in EXCHANGE if f.dataType.typeName() == "string"]
    huge = dict.fromkeys(names, "x" * 50_000)
    lists = {f.name: ["t" * 9_000] * 3_000 for f in EXCHANGE if f.dataType.typeName() == "array"}
    made = row(**huge, **lists)
    sizes = {name: len(str(made[name])) for name in names}
    prose = {"prompt", "system_instructions", "response", "prior_response", "prior_prompt"}
    assert sizes == {name: MOST if name in prose else NAME_BYTES for name in names}
    for name in lists:
        items = made[name]
        assert isinstance(items, list)
        assert sum(map(len, items)) <= MOST + 100
        assert items[-1].startswith("[3000 in all, sha256 ")


def test_many_short_items_are_counted() -> None:
    items = row(tool_names=[f"t{i}" for i in range(100_000)])["tool_names"]
    assert isinstance(items, list)
    assert items[-1].startswith("[100000 in all, sha256 ")
    assert len(items) <= MOST_ITEMS + 1
    short = [f"t{i}" for i in range(300)]
    assert row(tool_names=short)["tool_names"] == short


def test_unknown_fields_are_bounded_in_number_and_size() -> None:
    many = row(**{f"field {i}": i for i in range(10_000)})["extra"]
    assert isinstance(many, dict)
    assert len(many) <= MOST_ITEMS + 1
    assert json.loads(many[MORE]).startswith("[10000 in all, sha256 ")
    large = row(note="n" * 50_000, turn_index="t" * 50_000, **{"k" * 5_000: 1})["extra"]
    assert isinstance(large, dict)
    assert sum(len(name) + len(value) for name, value in large.items()) <= MOST
    assert "50002 bytes" in json.loads(large["note"])
    assert "50002 bytes" in json.loads(large["turn_index"])
    whole = {"a": [1, 2], "b": "x" * 900}
    assert {k: json.loads(v) for k, v in row(**whole)["extra"].items()} == whole  # type: ignore[attr-defined]
