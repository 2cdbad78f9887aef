"""Sketches add up: any split, any order, any tree of merges gives the sketch of all.

Counts are those of a plain loop.
"""

import struct
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iolaus.engine.hashing import mix
from iolaus.model import account_sketch as sketches
from iolaus.model import openings, sketch_columns
from iolaus.model.account_sketch import FIXED, OUTPUT_BINS, SKETCH, SUMS
from iolaus.model.sampling import draws, ranks, salt_of
from iolaus.model.signals import ATTRIBUTE_CODES
from iolaus.model.sketch_columns import RECORDS
from iolaus.schemas.sketch import (
    ABSENT,
    AFFIX_COLUMNS,
    ATTRIBUTE,
    MINIMUM,
    OPENING,
    OPENING_FIELDS,
    OPENING_TERMS,
    PROMPT,
    PROMPT_FIELDS,
)
from iolaus.settings import CAPABILITIES
from iolaus.text.fingerprints import SIGNATURE

PROMPTS, ATTRIBUTES, OPENINGS = 5, 3, 4  # caps that small accounts exceed
SALT = salt_of(b"a key")
START = datetime(2026, 2, 10, tzinfo=UTC)
HASHES = tuple(f"{name}_value" for name in ATTRIBUTE_CODES)

REQUIRED = pa.schema(
    [
        ("account_id", pa.string()),
        ("draw", pa.int64()),
        ("requested_at", pa.timestamp("us", tz="UTC")),
        ("request_model", pa.string()),
        ("terms", pa.binary()),
        ("n_words", pa.int32()),
        ("capabilities", pa.int16()),
    ]
)
OPTIONAL = pa.schema(
    [
        ("conversation_hash", pa.int64()),
        ("turn_index", pa.int32()),
        ("temperature", pa.float64()),
        ("thinking", pa.bool_()),
        ("stream", pa.bool_()),
        ("truncated", pa.bool_()),
        ("image_count", pa.int32()),
        ("tool_call_count", pa.int32()),
        ("http_status", pa.int32()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("reasoning_tokens", pa.int64()),
        *((name, pa.int64()) for name in (*HASHES, *PROMPT_FIELDS)),
        ("signature", pa.binary()),
    ]
)
EXCHANGES = pa.schema([*REQUIRED, *OPTIONAL])
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def small_caps() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketch_columns, "MAX_PROMPTS", PROMPTS)
        patch.setattr(sketch_columns, "MAX_ATTRIBUTES", ATTRIBUTES)
        patch.setattr(openings, "MAX_CONVERSATIONS", OPENINGS)
        yield


def sketch(rows: pa.Table) -> pa.Table:
    return sketches.sketch(rows, SALT)


def merge(parts: pa.Table) -> pa.Table:
    return sketches.merge(parts, SALT)


def stream(batches: Any, first: Any) -> Any:
    return sketches.stream(batches, sketches.sketch if first is sketch else sketches.merge, SALT)


def exchange(rng: np.random.Generator, accounts: int) -> Row:
    """A random exchange, each optional field null a fifth of the time; values are few, so that they repeat."""
    prompt = int(rng.integers(12))
    row: Row = {
        "account_id": f"account {rng.integers(accounts)}",
        "draw": int(rng.integers(2**62)),
        "conversation_hash": int(rng.integers(30)),
        "requested_at": START + timedelta(seconds=int(rng.integers(86_400)), microseconds=int(rng.integers(10**6))),
        "request_model": str(rng.choice(["opus", "sonnet", "haïku"])),
        "terms": sorted(rng.choice(40, int(rng.integers(6)), replace=False).tolist()),
        "n_words": 7 * prompt,
        "capabilities": int(rng.integers(1 << len(CAPABILITIES))),
        "turn_index": int(rng.integers(3)),
        "temperature": float(rng.choice([0.0, 0.7, 1.0])),
        **{name: bool(rng.integers(2)) for name in ("thinking", "stream", "truncated")},
        **{name: int(rng.integers(4)) for name in ("image_count", "tool_call_count")},
        "http_status": int(rng.choice([200, 400, 529])),
        **{
            name: int(rng.choice([0, 1, 2, 3, 700, 10**6]))
            for name in ("input_tokens", "output_tokens", "reasoning_tokens")
        },
        **{name: int(mix(np.array([rng.integers(9)], np.uint64))[0].astype(np.int64)) for name in HASHES},
        "prompt_hash": int(mix(np.array([prompt], np.uint64))[0].astype(np.int64)),
        "template_hash": prompt // 3 - int(rng.integers(2)),  # punctuation alone may part templates of one prompt
        **dict.fromkeys(AFFIX_COLUMNS, prompt // 4 - 2),
        "signature": rng.integers(0, 2**31 - 1, SIGNATURE).tolist(),
    }
    for name in OPTIONAL.names:
        if rng.random() < 0.2:
            row[name] = None
    if row["prompt_hash"] is None:
        row |= {"template_hash": None, **dict.fromkeys(AFFIX_COLUMNS)}
    return row


def exchanges(seed: int, count: int, accounts: int = 3) -> list[Row]:
    rng = np.random.default_rng(seed)
    return [exchange(rng, accounts) for _ in range(count)]


def table(rows: list[Row]) -> pa.Table:
    """The rows as silver has them: terms and signatures as bytes."""
    packed = [
        {
            **row,
            "terms": struct.pack(f"<{len(row['terms'])}h", *row["terms"]),
            "signature": signature_bytes(row["signature"]),
        }
        for row in rows
    ]
    return pa.Table.from_pylist(packed, schema=EXCHANGES)


def signature_bytes(signature: list[int] | None) -> bytes | None:
    return None if signature is None else struct.pack(f"<{SIGNATURE}i", *signature)


def counted(row: Row, list_name: str, *keys: str) -> dict[Any, int]:
    """A list of counted items of a sketch as a dictionary, which has every item once."""
    found = row[list_name]
    if list_name in RECORDS:
        kind = RECORDS[list_name]
        found = [dict(zip(kind.names or (), record, strict=True)) for record in np.frombuffer(found, kind).tolist()]
    items = [(tuple(None if item[k] == ABSENT else item[k] for k in keys), item["n"]) for item in found]
    assert len(dict(items)) == len(items)
    return dict(items)


def least(hashes: list[int], k: int) -> set[int]:
    """The k distinct values that come first in the keyed order."""
    distinct = sorted(set(hashes), key=lambda t: int(draws(np.array([t], np.int64), SALT)[0]))
    return set(distinct[:k])


def rank(item: int, tokens: int | None) -> float:
    return float(ranks(np.array([item], np.int64), np.array([tokens or 0]), SALT)[0])


def least_prompts(said: list[Row]) -> set[int]:
    """The distinct prompts of least rank, each by its words."""
    of: dict[int, float] = {}
    for r in said:
        here = rank(r["prompt_hash"], r["n_words"])
        of[r["prompt_hash"]] = min(here, of.get(r["prompt_hash"], here))
    return set(sorted(of, key=lambda p: (of[p], p))[:PROMPTS])


def plain_openings(said: list[Row]) -> set[tuple[Any, ...]]:
    """Of each conversation the message of least rank, where later turns come last; of these the least few."""
    of: dict[int, tuple[float, Row]] = {}
    for r in (r for r in said if r["terms"]):
        conversation = r["draw"] if r["conversation_hash"] is None else r["conversation_hash"]
        here = rank(r["draw"], r["output_tokens"]) * (2.0**20 if r["turn_index"] and r["turn_index"] > 0 else 1)
        if conversation not in of or here < of[conversation][0]:
            of[conversation] = here, r
    kept = sorted((here, conversation) for conversation, (here, _) in of.items())[:OPENINGS]
    return {
        (
            c,
            *(ABSENT if of[c][1][name] is None else of[c][1][name] for name in OPENING_FIELDS),
            frozenset(of[c][1]["terms"]),
        )
        for _, c in kept
    }


def plain(rows: list[Row]) -> Row:
    """The sketch of one account by loops over its exchanges."""

    def added(name: str) -> int:
        return sum(r[name] or 0 for r in rows)

    def times(condition: Any) -> int:
        return sum(bool(condition(r)) for r in rows)

    outputs = [r["output_tokens"] for r in rows if r["output_tokens"] is not None]
    binned = Counter(min((tokens + 1).bit_length() - 1, OUTPUT_BINS - 1) for tokens in outputs)
    said = [r for r in rows if r["prompt_hash"] is not None]
    sampled_prompts = least_prompts(said)
    attributes: dict[Any, int] = {}
    for name, code in ATTRIBUTE_CODES.items():
        hashes = [r[f"{name}_value"] for r in rows if r[f"{name}_value"] is not None]
        attributes |= {(code, value_hash): hashes.count(value_hash) for value_hash in least(hashes, ATTRIBUTES)}
    prompts = {}
    for hash_ in sampled_prompts:
        same = [r for r in said if r["prompt_hash"] == hash_]
        values = [[r[name] for r in same if r[name] is not None] for name in PROMPT_FIELDS]
        prompts[tuple(min(v) if v else None for v in values)] = len(same)
    signatures = [r["signature"] for r in rows if r["signature"] is not None]
    return {
        "n_exchanges": len(rows),
        "n_with_prompt": len(said),
        "n_later_turns": times(lambda r: r["turn_index"] and r["turn_index"] > 0),
        "n_thinking": times(lambda r: r["thinking"]),
        "n_stream": times(lambda r: r["stream"]),
        "n_zero_temperature": times(lambda r: r["temperature"] == 0),
        "n_images": added("image_count"),
        "n_with_tools": times(lambda r: r["tools_value"] is not None),
        "n_tool_calls": added("tool_call_count"),
        "n_calling": times(lambda r: r["tool_call_count"] and r["tool_call_count"] > 0),
        "n_errors": times(lambda r: r["http_status"] and r["http_status"] >= 400),
        "n_truncated": times(lambda r: r["truncated"]),
        "prompt_words": added("n_words"),
        "input_tokens": added("input_tokens"),
        "output_tokens": added("output_tokens"),
        "reasoning_tokens": added("reasoning_tokens"),
        "first_at": min(r["requested_at"] for r in rows),
        "last_at": max(r["requested_at"] for r in rows),
        "output_histogram": [binned[i] for i in range(OUTPUT_BINS)],
        "capability_counts": [sum(r["capabilities"] >> i & 1 for r in rows) for i in range(len(CAPABILITIES))],
        "activity": dict(Counter((int(r["requested_at"].timestamp()) // 3600, r["request_model"]) for r in rows)),
        "slots": sorted({int(r["requested_at"].timestamp()) // 600 for r in rows}),
        "attributes": attributes,
        "prompts": prompts,
        "openings": plain_openings(said),
        "terms": dict(Counter((term,) for r in rows for term in r["terms"])),
        "signature": [min(column) for column in zip(*signatures, strict=True)] if signatures else None,
    }


def as_plain(row: Row) -> Row:
    lists = {
        "activity": ("hour", "model"),
        "attributes": ("channel", "value_hash"),
        "prompts": PROMPT_FIELDS,
        "terms": ("term",),
    }
    signature = None if row["signature"] is None else np.frombuffer(row["signature"], MINIMUM).tolist()
    rest = {k: v for k, v in row.items() if k != "account_id"} | {"signature": signature}
    opened = np.frombuffer(row["openings"], OPENING)
    kept = {
        (o["conversation"], *(o[name] for name in OPENING_FIELDS), frozenset(t for t in o["terms"].tolist() if t >= 0))
        for o in opened
    }
    assert len(kept) == len(opened)
    return rest | {"openings": kept} | {name: counted(row, name, *keys) for name, keys in lists.items()}


def test_a_sketch_counts_what_a_loop_counts() -> None:
    rows = exchanges(1, 300)
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_account[row["account_id"]].append(row)
    made = sketch(table(rows)).to_pylist()
    assert [row["account_id"] for row in made] == sorted(by_account)
    for row in made:
        assert as_plain(row) == plain(by_account[row["account_id"]])
        assert len(row["prompts"]) == PROMPTS * PROMPT.itemsize, "the cap was exceeded"
        assert max(Counter(np.frombuffer(row["attributes"], ATTRIBUTE)["channel"].tolist()).values()) == ATTRIBUTES


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 10_000), st.integers(1, 60))
def test_any_split_in_any_order_merged_in_any_tree_is_the_sketch_of_all(
    data: st.DataObject, seed: int, count: int
) -> None:
    rows = exchanges(seed, count)
    whole = sketch(table(rows))
    order = data.draw(st.permutations(range(count)))
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=6)))
    parts = [sketch(table([rows[i] for i in order[a:b]])) for a, b in zip([0, *cuts], [*cuts, count], strict=True)]
    while len(parts) > 1:
        taken = data.draw(st.integers(2, len(parts)))
        chosen = data.draw(st.permutations(parts))
        parts = [merge(pa.concat_tables(chosen[:taken])), *chosen[taken:]]
    assert parts[0].schema == SKETCH
    parts[0].validate(full=True)
    assert parts[0].equals(whole)


def test_merging_is_idempotent_on_merged_rows_and_drops_other_columns() -> None:
    whole = sketch(table(exchanges(4, 80)))
    dated = whole.add_column(0, "happened_on", pa.array([START.date()] * len(whole)))
    assert merge(dated).equals(whole)
    assert merge(dated.take(pa.array([2, 0, 1]))).equals(whole)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.data(), st.integers(0, 10_000), st.integers(1, 50), st.integers(1, 12))
def test_a_stream_of_batches_cut_anywhere_is_one_sketch(
    data: st.DataObject, seed: int, count: int, accounts: int
) -> None:
    rows = sorted(exchanges(seed, count, accounts), key=lambda r: r["account_id"].encode())
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=8)))
    whole = table(rows).combine_chunks()
    bounds = zip([0, *cuts], [*cuts, count], strict=True)
    batches = [
        pa.RecordBatch.from_struct_array(whole.slice(a, b - a).to_struct_array().combine_chunks()) for a, b in bounds
    ]
    made = list(stream(iter(batches), sketch))
    assert pa.concat_tables(made).combine_chunks().equals(sketch(whole))
    days = (
        pa.concat_tables([sketch(table(rows[i::3])) for i in range(min(3, count))])
        .sort_by("account_id")
        .combine_chunks()
    )
    ends = sorted(min(c, len(days)) for c in cuts)
    pieces = [days.slice(a, b - a).to_batches() for a, b in zip([0, *ends], [*ends, len(days)], strict=True)]
    merged = list(stream((b for piece in pieces for b in piece), merge))
    assert pa.concat_tables(merged).combine_chunks().equals(sketch(whole))


def test_exchanges_with_required_fields_only() -> None:
    bare = dict.fromkeys(EXCHANGES.names) | {
        "requested_at": START,
        "request_model": "m",
        "terms": [],
        "n_words": 0,
        "capabilities": 0,
    }
    rows = [bare | {"account_id": name} for name in ("b", "a", "b")]
    made = sketch(table(rows))
    assert [as_plain(row) for row in made.to_pylist()] == [plain(rows[1:2]), plain(rows[::2])]
    assert made["signature"].null_count == 2
    assert merge(pa.concat_tables([sketch(table(rows[:1])), sketch(table(rows[1:]))])).equals(made)
    zeros = set(SUMS) - {"n_exchanges"}
    assert {made[name][i].as_py() for name in zeros for i in range(2)} == {0}


def test_silent_and_speaking_exchanges_of_one_account_merge() -> None:
    """A null signature, an empty list of terms and a missing prompt take nothing from those that are there."""
    rows = exchanges(8, 12, accounts=1)
    silent = [r | dict.fromkeys(OPTIONAL.names) | {"terms": []} for r in rows[:6]]
    parts = [sketch(table(silent)), sketch(table(rows[6:]))]
    assert merge(pa.concat_tables(parts)).equals(sketch(table(silent + rows[6:])))
    assert merge(pa.concat_tables(parts))["signature"].null_count == 0


def test_nothing_has_an_empty_sketch() -> None:
    assert sketch(table([])).equals(SKETCH.empty_table())
    assert merge(SKETCH.empty_table()).equals(SKETCH.empty_table())
    assert list(stream(iter(table([]).to_batches()), sketch)) == []


def test_a_set_over_its_cap_keeps_the_same_items_for_every_account() -> None:
    """What two accounts share is kept by both or by neither, so samples stay comparable."""
    shared = exchanges(9, 80, accounts=1)
    rows = [r | {"account_id": name} for name in ("a", "b") for r in shared]
    first, second = sketch(table(rows[::-1])).to_pylist()
    assert first["prompts"] == second["prompts"]
    assert first["attributes"] == second["attributes"]


def test_a_sample_is_keyed_and_cheap_traffic_does_not_push_out_dear_traffic() -> None:
    """Decoys chosen under another key, or short ones by dozens, leave the sample mostly as it was."""
    real = [r | {"n_words": 900, "prompt_hash": 1000 + i} for i, r in enumerate(exchanges(3, 5, accounts=1))]
    decoys = [r | {"n_words": 2, "prompt_hash": 2_000 + i} for i, r in enumerate(exchanges(4, 60, accounts=1))]
    kept = np.frombuffer(sketch(table(real + decoys))["prompts"][0].as_py(), PROMPT)["prompt_hash"]
    assert sum(kept < 2_000) >= PROMPTS - 1
    other = np.frombuffer(sketches.sketch(table(decoys), salt_of(b"another"))["prompts"][0].as_py(), PROMPT)[
        "prompt_hash"
    ]
    assert set(other) != set(np.frombuffer(sketch(table(decoys))["prompts"][0].as_py(), PROMPT)["prompt_hash"])


def test_an_opening_keeps_the_terms_of_least_hash() -> None:
    long = exchanges(5, 1, accounts=1)[0] | {"terms": list(range(100)), "prompt_hash": 5}
    terms = np.frombuffer(sketch(table([long]))["openings"][0].as_py(), OPENING)["terms"][0]
    wanted = sorted(range(100), key=lambda t: int(mix(np.array([t], np.uint64))[0]))[:OPENING_TERMS]
    assert terms.tolist() == wanted


def test_output_bins_are_exact_at_powers_of_two() -> None:
    edges = [x for i in range(1, 20) for x in (2**i - 2, 2**i - 1)]
    bare = dict.fromkeys(EXCHANGES.names) | {
        "account_id": "a",
        "requested_at": START,
        "request_model": "m",
        "terms": [],
        "n_words": 0,
        "capabilities": 0,
    }
    made = sketch(table([bare | {"output_tokens": x} for x in edges])).to_pylist()[0]
    assert made["output_histogram"] == plain([bare | {"output_tokens": x} for x in edges])["output_histogram"]
    assert sum(made["output_histogram"]) == len(edges)
    assert {name: len(made[name]) for name in FIXED} == FIXED
