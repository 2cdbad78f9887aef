"""Lines of random hostile JSON: each is judged as a plain reference judges it, whatever lies beside it."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from math import isfinite
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iolaus.schemas.landing import ACCOUNT, EXCHANGE
from iolaus.settings import Ingestion
from iolaus.text import parsing

DAY = date(2026, 2, 10)
LIMITS = Ingestion(prompt_bytes=20)
EXAMPLES = 100
NAMES = [f.name for f in EXCHANGE]

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
TIMES = st.one_of(
    st.sampled_from(
        [
            "2026-02-10T08:00:00Z",
            "2026-02-10 08:00:00.1234567-18:00",
            "2026-02-10t08:00:00.5z",
            "2026-02-29T08:00:00Z",
            "2026-02-10T24:00:00Z",
            "2026-02-10T08:00:60Z",
            "2026-02-10T08:00:00+18:01",
            "2026-02-10T08:00:00+01:60",
            "2026-02-10T08:00:00Z\n",
            "2026-02-10T08:00:00.Z",
            "2026-02-10T08:00:00",
            "2026-2-9 08:00:00.25",
            "2026-02-10T08:00:00+0530",
            "2026-02-10T08:00:00 -03",
            "2026-02-10T08:00:00 utc",
            "2026-02-10T08:00",
            "2026-02-10",
            "2014-12-31T23:59:59Z",
            "2026-02-12T00:00:00Z",
            "２026-02-10T08:00:00Z",
            "",
        ]
    ),
    st.datetimes(datetime(2014, 12, 30), datetime(2026, 2, 13)).map(lambda t: t.isoformat() + "+01:00"),  # noqa: DTZ001
)
NUMBERS = st.sampled_from(
    ["5.0", "-0", "1E5", "1e400", "-1e400", "NaN", "01", "1.", str(2**31), str(-(2**63) - 1), str(2**64), "7" * 400]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXTS, TIMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
RIGHT = {"string": TEXTS, "timestamp": TIMES, "boolean": st.booleans(), "integer": st.integers(-(2**31), 2**31 - 1)}
RIGHT |= {
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats() | st.integers(),
    "array": st.lists(TEXTS, max_size=2),
}


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """An exchange as JSON, mostly right.

    With wrong types, unknown keys, keys written twice, and bytes cut off or put in.
    """
    base = {"exchange_id": "e", "account_id": "a", "request_model": "m"}
    base |= {"requested_at": draw(st.just("2026-02-10T08:00:00Z") | TIMES), "prompt": draw(st.text(max_size=25))}
    pairs = [(name, json.dumps(value)) for name, value in base.items() if draw(st.integers(0, 19))]
    for _ in range(draw(st.integers(0, 4))):
        known = draw(st.sampled_from(EXCHANGE))
        name = draw(st.one_of(st.just(known.name), st.just(known.name), TEXTS))
        value = draw(st.one_of(RIGHT[known.dataType.typeName()], VALUES))
        pairs.append((name, draw(st.one_of(NUMBERS, st.just(json.dumps(value, ensure_ascii=draw(st.booleans())))))))
    text = "{" + ", ".join(f"{json.dumps(name)}: {raw}" for name, raw in pairs) + "}"
    line = text.encode("utf-8", "surrogatepass")
    match draw(st.sampled_from(["whole"] * 6 + ["cut", "with more", "inside", "other"])):
        case "cut":
            return line[: draw(st.integers(0, len(line)))]
        case "with more":
            return line + draw(st.sampled_from([b" ", b"}", b",{}", b"\0", b" x"]))
        case "inside":
            at = draw(st.integers(0, len(line)))
            return line[:at] + draw(st.binary(min_size=1, max_size=2)) + line[at:]
        case "other":
            return json.dumps(draw(VALUES)).encode()
    return line


def refuse(text: str) -> None:
    raise ValueError(text)


def whole(value: Any) -> Any:
    """The value with U+FFFD for halves of surrogate pairs."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [whole(v) for v in value]
    return {whole(k): whole(v) for k, v in value.items()} if isinstance(value, dict) else value


def instant(text: str) -> datetime | None:
    found = re.fullmatch(
        r"(\d{4})-(\d\d?)-(\d\d?)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?: ?(?:Z|UTC|GMT|([+-])(\d\d)(?::?(\d\d))?))?",
        text,
        re.ASCII | re.IGNORECASE,
    )
    if not found:
        return None
    year, month, day_of_month, clock, fraction, sign, hours, minutes = found.groups()
    day = f"{year}-{month:0>2}-{day_of_month:0>2}"
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    if abs(ahead) > timedelta(hours=18) or int(minutes or 0) > 59:
        return None
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError:
        return None
    if clock.startswith("24"):
        return None
    return local.replace(microsecond=int((fraction or ".")[1:7].ljust(6, "0")), tzinfo=timezone(ahead)).astimezone(UTC)


def number(value: float) -> float | None:
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def whole_number(value: Any, bound: int) -> int | None:
    whole = int(value) if type(value) is float and value.is_integer() else value
    return whole if type(whole) is int and -bound <= whole < bound else None


def possible(name: str, value: Any) -> bool:
    """Whether an optional value is there, and in its range."""
    if value is None:
        return False
    if type(value) is not int or name == "request_seed":
        return True
    least, most = {"http_status": (100, 599), "client_asn": (0, 2**31 - 1)}.get(name, (0, 10**9))
    return least <= value <= most


def unknown(name: str, value: Any) -> bool:
    """Whether a number out of its range stands for none."""
    return type(value) is int and value in (-1, 0) and not possible(name, value)


FITTING = {
    "string": lambda v: v if isinstance(v, str) else None,
    "timestamp": lambda v: instant(v) if isinstance(v, str) else None,
    "boolean": lambda v: v if isinstance(v, bool) else None,
    "array": lambda v: v if isinstance(v, list) and all(isinstance(x, str) for x in v) else None,
    "integer": lambda v: whole_number(v, 2**31),
    "long": lambda v: whole_number(v, 2**63),
    "double": lambda v: number(v) if type(v) in (int, float) else None,
}


def reference(line: bytes) -> tuple[dict[str, Any] | None, list[str]]:
    """The fields and `extra`, as values, and the reasons."""
    try:
        text, reasons = line.decode(), []
    except UnicodeDecodeError:
        text, reasons = line.decode(errors="replace"), ["invalid_utf8"]
    try:
        row = whole(json.loads(text, parse_constant=refuse))
    except ValueError:
        return None, [*reasons, "broken_json"]
    if not isinstance(row, dict):
        return None, [*reasons, "not_an_object"]
    values = {
        f.name: None if row.get(f.name) is None else FITTING[f.dataType.typeName()](row[f.name]) for f in EXCHANGE
    }
    odd: dict[str, Any] = {}
    for known in EXCHANGE:
        given, empty = row.get(known.name), known.dataType.typeName() != "string" and row.get(known.name) == ""
        if not known.nullable:
            if given is None or empty or (given == "" and known.name != "prompt"):
                reasons.append(f"missing: {known.name}")
            elif values[known.name] is None:
                reasons.append(f"wrong_type: {known.name}")
        elif given not in (None, "") and not possible(known.name, values[known.name]):
            if not unknown(known.name, values[known.name]):
                odd[known.name] = given
            values[known.name] = None
    at = values["requested_at"]
    if at and not datetime(2015, 1, 1, tzinfo=UTC) <= at < datetime(2026, 2, 12, tzinfo=UTC):
        reasons.append("impossible_time: requested_at")
    if len((values["prompt"] or "").encode()) > LIMITS.prompt_bytes:
        reasons.append("oversized_prompt")
    return values | {"extra": {k: v for k, v in row.items() if k not in values} | odd or None}, reasons


def judged(given: Sequence[bytes]) -> list[tuple[dict[str, Any] | None, list[str]]]:
    """What `judge` says of each line, the values of `extra` read."""
    found = parsing.judge(given, EXCHANGE, LIMITS, DAY)
    rows: list[dict[str, Any] | None] = [None] * len(given)
    for place, values in zip(found.places, zip(*(c.to_pylist() for c in found.columns), strict=True), strict=True):
        plain = (v.astimezone(UTC) if isinstance(v, datetime) else v for v in values)
        row = dict(zip([*NAMES, "extra"], plain, strict=True))
        rows[place] = row | {"extra": {k: json.loads(v) for k, v in row["extra"]} if row["extra"] else None}
    return [(row, found.reasons.get(place, [])) for place, row in enumerate(rows)]


def line_of(**fields: Any) -> bytes:
    sound = {
        "exchange_id": "e",
        "account_id": "a",
        "request_model": "m",
        "requested_at": "2026-02-10T08:00:00Z",
        "prompt": "p",
    }
    return json.dumps(sound | fields).encode()


# One line of each kind: which ones are drawn differs from one version of Python and Hypothesis to another.
ONE_OF_EACH = [
    line_of(),
    line_of()[:-1],
    b"[]",
    line_of(prompt="\u00fc").decode("ascii").replace("\\u00fc", "\xfc").encode("latin-1"),
    line_of(account_id=None),
    line_of(account_id=5),
    line_of(requested_at="2014-12-31T23:59:59Z"),
    line_of(prompt="p" * 21),
]


def test_lines_are_judged_as_by_the_reference_and_each_by_itself() -> None:
    seen: set[str] = set()

    @settings(derandomize=True, max_examples=EXAMPLES, deadline=None, database=None)
    @given(st.lists(lines(), min_size=2, max_size=4))
    @example(ONE_OF_EACH)
    def compare(given: list[bytes]) -> None:
        for line, found in zip(given, judged(given), strict=True):
            assert repr(found) == repr(reference(line)), line
            assert repr(judged([line])) == repr([found]), "alone"
            seen.update(reason.partition(":")[0] for reason in found[1] or ["accepted"])

    compare()
    kinds = {
        "broken_json",
        "not_an_object",
        "invalid_utf8",
        "missing",
        "wrong_type",
        "impossible_time",
        "oversized_prompt",
    }
    assert seen == kinds | {"accepted"}, "or the comparison would be of less than it seems"


def test_a_batch_is_cut_into_pieces_that_are_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_PIECE", 10)
    given = [b"abc", None, b"d" * 25, b"", b"efgh", b"ijklm", b"n"]
    batch = pa.RecordBatch.from_arrays([pa.array(given, pa.binary()), pa.array(range(7))], names=["line", "position"])
    pieces = list(parsing._pieces(batch))
    assert len(pieces) > 2
    assert max(sum(len(v or b"") for v in p.column("line").to_pylist()) for p in pieces) <= 34, (
        "a line, and what fits before it"
    )
    assert pa.Table.from_batches(pieces).to_batches()[0].schema == batch.schema
    assert pa.Table.from_batches(pieces).combine_chunks().to_batches()[0].equals(batch)
    assert list(parsing._pieces(batch.slice(0, 0))) == []


def test_lines_of_another_folder_and_none_at_all() -> None:
    found = parsing.judge([], ACCOUNT, LIMITS, None)
    assert (found.places, found.reasons, {len(c) for c in found.columns}) == ([], {}, {0})
    assert len(found.columns) == len(ACCOUNT) + 1
