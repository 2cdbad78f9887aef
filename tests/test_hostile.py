"""Prompts, account fields and file names are an attacker's.

They stay data, in messages, in parsing, in paths and in what is written.
"""

import io
import json
import unicodedata
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from iolaus.errors import UsageError, one_line
from iolaus.pipeline import Span
from iolaus.runtime.display import plain
from iolaus.runtime.failures import explain
from iolaus.runtime.lake import Lake
from iolaus.runtime.landing import Landing
from iolaus.settings import Ingestion
from iolaus.text.bounds import NAME_BYTES, cut
from iolaus.text.pseudonyms import addresses, pseudonyms
from tests.lines import parsed
from tests.rows import DAY, rows

ATTACKS = (
    "'; DROP TABLE gold.suspect_clusters; --",
    "' OR '1'='1",
    "`rm -rf /` $(id) ; id | sh",
    "=cmd|' /C calc'!A0",
    '+1+1\t=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    "[bold red]x[/] [link=http://x]y[/link]",
    "line\nFORGED 2026-02-10 iolaus: done\r\n",
    "\x1b[2J\x1b]0;title\x07",
    "\u202e\u2066reversed\u2069\u200b",
    "\u2028\u2029\x85",
    "\x00",
    "\ud800",
    "{0} %s ${jndi:ldap://x} \\u0000 \\",
    "../../../etc/passwd",
    "x" * 5000,
)
HOSTILE = st.one_of(st.sampled_from(ATTACKS), st.text(st.characters(codec=None, exclude_categories=()), max_size=60))


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_a_message_is_one_harmless_line(text: str) -> None:
    said = one_line(text, 80)
    assert len(said) <= 80
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in said)
    assert said.encode().decode() == said, "and no half of a character"
    if text.isprintable() and len(text) <= 80:
        assert said == text, "and what does no harm is left"


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_what_a_terminal_is_shown_is_text_and_no_markup(text: str) -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=10_000, highlight=False, emoji=False).print(plain(text, 80))
    assert out.getvalue().rstrip("\n") == one_line(text, 80).rstrip("\n")
    assert "\x1b" not in out.getvalue()


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_an_error_that_quotes_data_is_one_harmless_line(text: str) -> None:
    said = explain(ValueError(f"cannot cast {text}"))
    assert len(said) <= 700
    assert one_line(said, 700) == said


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.none(), HOSTILE), max_size=5))
def test_a_pseudonym_shows_nothing_of_what_it_stands_for(values: list[str | None]) -> None:

    arrow = pa.array([None if v is None else v.encode("utf-8", "replace").decode() for v in values], pa.string())
    for made in (pseudonyms(b"k" * 16, "card", arrow), *addresses(b"k" * 16, arrow)):
        assert len(made) == len(values)
        assert all(v is None or (len(v) == 32 and set(v) <= set("0123456789abcdef")) for v in made.to_pylist())


def test_hostile_fields_are_parsed_as_what_they_are(spark: SparkSession) -> None:
    """Each text in every field that takes one.

    Accepted and unchanged, or rejected whole with a reason, a row a line.
    """
    texts = list(ATTACKS)

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(HOSTILE)
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    base = {"requested_at": "2026-02-10T08:00:00Z", "request_model": "m"}
    lines = [
        json.dumps(base | {"exchange_id": f"e{n}", "account_id": t, "prompt": t, "user_agent": t, t: t})
        for n, t in enumerate(texts)
    ]
    found = parsed(spark, lines, Ingestion(), DAY)
    for row in found:
        text = texts[row["position"]]
        if any("\ud800" <= c <= "\udfff" for c in text):
            assert not row["reasons"], "no Unicode text: U+FFFD stands where half a character was"
            assert row["prompt"] == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        elif not row["reasons"]:
            name = cut(text, NAME_BYTES)
            assert (row["account_id"], row["prompt"], row["user_agent"]) == (name, text, name)
        else:
            assert text == "" or all(
                r.startswith(("missing: ", "wrong_type: ", "broken_json", "invalid")) for r in row["reasons"]
            )
    accepted = {texts[row["position"]] for row in found if not row["reasons"]}
    assert set(ATTACKS) <= accepted


@pytest.mark.parametrize("name", ["it's; DROP TABLE x -- $(id) | id", "é\u202e sp ace %41 #a ?b [a-b]{c,d}*"])
def test_a_path_is_a_path(name: str, spark: SparkSession, tmp_path: Path) -> None:
    """A lake and a landing in folders of any name: what is written is there, is read back, and is nowhere else."""
    lake = Lake(spark, str(tmp_path / name / "lake"), 28)
    for day, cluster in ((DAY, "a'; --"), (date(2026, 2, 11), "b"), (DAY, "c' OR '1'='1")):
        lake.write(
            "gold.cluster_timeline",
            rows(spark, "gold.cluster_timeline", [{"run_date": day, "cluster_id": cluster}]),
            day,
        )
    found = lake.read("gold.cluster_timeline", Span.ALL, DAY).select("run_date", "cluster_id").collect()
    assert sorted(map(tuple, found)) == [(DAY, "c' OR '1'='1"), (date(2026, 2, 11), "b")]
    landing = tmp_path / name / "landing"
    folder = landing / "exchanges" / "dt=2026-02-10"
    folder.mkdir(parents=True)
    (folder / f"{name}.jsonl").write_text("1\n")
    lines = (
        Landing(spark, str(landing))
        .lines("exchanges", DAY)
        .select("source_file", F.col("line").cast("string"))
        .collect()
    )
    assert list(map(tuple, lines)) == [(f"exchanges/dt=2026-02-10/{name}.jsonl", "1")]
    assert {p.name for p in tmp_path.iterdir()} == {name}


def test_a_name_that_delta_cannot_address_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="backtick"):
        Lake(spark, "s3a://bucket/a`; DROP TABLE x; --", 28)
