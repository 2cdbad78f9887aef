"""What of a shared text an analyst is shown: the sender's words, and nothing that was filled in or names somebody."""

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from rows import DAY, rows

from iolaus.gold.cluster_templates import transform
from iolaus.settings import DEFAULT, Key, Run
from iolaus.text.redaction import GAP, LONGEST, exemplar, redact

RUN = Run(DAY, DEFAULT, Key(b"k"))


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("write to jane.roe@mail.example today", "write to", "jane"),
        ("see https://shop.example/a?u=jane now", "now", "shop"),
        ("call +49 171 555 01 23 at once", "at once", "555"),
        ("use key sk-live-9f8a7b6c5d4e3f2a1b0c here", "here", "9f8a"),
        ("from 10.20.30.40 to there", "to there", "20.30"),
        ('translate: "my mother died" into French', "into French", "mother"),
        ("fix ```\nsecret = load()\n``` please", "please", "secret"),
        ("请把“我的名字”翻译成英文", "翻译成英文", "名字"),
        ("card 4111 1111 1111 1111 ok", "ok", "1111"),
    ],
)
def test_what_is_taken_out(text: str, kept: str, gone: str) -> None:
    shown = redact(text)
    assert kept in shown
    assert gone not in shown
    assert GAP in shown


def test_an_opening_is_what_all_begin_with() -> None:
    samples = [
        f"You are an expert data analyst. Explain step by step {topic}"
        for topic in ("why rents rise", "why cats purr", "how tides work")
    ]
    assert exemplar("opening", samples) == "You are an expert data analyst. Explain step by step"


def test_a_closing_is_what_all_end_with() -> None:
    assert (
        exemplar("closing", ["tides and think it through first", "rents. think it through first"])
        == "think it through first"
    )


def test_what_is_alike_in_words_alone_is_shown_of_one() -> None:
    assert exemplar("opening", ["GRADE the answer", "grade the answer"]) in ("GRADE the answer", "grade the answer")


@settings(deadline=None)
@given(st.text(max_size=3000))
def test_any_text_becomes_one_short_line_that_does_nothing(text: str) -> None:
    for kind in ("opening", "closing", "prompt"):
        shown = exemplar(kind, [text])
        assert len(shown) <= LONGEST
        assert all(unicodedata.category(c)[0] != "C" for c in shown)


def test_the_most_shared_texts_of_a_cluster(spark: SparkSession) -> None:
    who = [f"a{i}" for i in range(5)]
    scored = rows(spark, "scoring.clusters", [{"cluster_id": "c"}])
    clusters = rows(spark, "graph.clusters", [{"cluster_id": "c", "account_id": a} for a in who])
    shared_values = rows(
        spark,
        "features.account_values",
        [
            {"account_id": a, "channel": c, "value_hash": t, "n": 2, "n_owners": 5}
            for a in who
            for c, t in (("head4", 4), ("head8", 8), ("system", 7))
        ]
        + [{"account_id": a, "channel": "template", "value_hash": 9, "n": 2, "n_owners": 2} for a in who[:2]],
    )
    sent = [{"account_id": a, "exchange_id": f"x{a}", "head8_hash": 8, "head4_hash": 4} for a in who]
    said = [
        {"exchange_id": f"x{a}", "account_id": a, "prompt": f"rate this answer from one to five {a * 3}"} for a in who
    ]
    before = [
        {
            "cluster_id": "c",
            "kind": "system",
            "channel": "system",
            "value_hash": 7,
            "exemplar": "be brief",
            "seen_on": DAY - timedelta(1),
        }
    ]
    made = transform(
        scored,
        clusters,
        shared_values,
        rows(spark, "silver.exchanges", sent),
        rows(spark, "bronze.exchanges", said),
        rows(spark, "gold.cluster_templates", before),
        RUN,
    )
    found = {r.channel: (r.kind, r.n_accounts, r.n_exchanges, r.exemplar, r.seen_on) for r in made.collect()}
    assert found == {
        "head8": ("opening", 5, 10, "rate this answer from one to five", DAY),
        "system": ("system", 5, 10, "be brief", DAY - timedelta(1)),
    }
