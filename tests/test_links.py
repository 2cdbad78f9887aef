"""Links: what several tables say of a pair, added up as the definition says, in any number of tasks."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from rows import DAY, population, rows

from iolaus.graph import links
from iolaus.model import pair_evidence
from iolaus.model.signals import CHANNEL
from iolaus.schemas.graph_links import FAMILIES
from iolaus.settings import DEFAULT, Graph, Key, Run

RUN = Run(DAY, replace(DEFAULT, graph=Graph(triangles=0)), Key(b"test"))
OF = {
    "infrastructure": ("card", "address", "block", "mail"),
    "templates": ("system", "head4", "prompt"),
    "content": ("content",),
}
OF |= {"synchrony": ("synchrony",), "cohort": ("cohort",)}


@pytest.mark.parametrize("most", [10**6, 50])
def test_of_a_group_the_best_channel_counts_and_groups_add_up(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(links, "ROWS", most)
    rng = np.random.default_rng(8)
    names = [f"account {i:02} é" for i in range(24)]
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    best: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for a in range(24):
        for b in range(a + 1, 24):
            for table, channels in OF.items():
                for channel in channels:
                    if rng.random() < 0.3:
                        bits = int(rng.integers(1, 11_000))
                        said[table].append({"key_a": a, "key_b": b, "channel": channel, "bits": bits})
                        group = CHANNEL[channel].family, CHANNEL[channel].group
                        best[names[a], names[b]][group] = max(bits, best[names[a], names[b]][group])
    frames = [rows(spark, f"pairs.{table}", said[table]) for table in OF]
    made = links.transform(*frames, population(spark, names), rows(spark, "verdicts.given", []), RUN).collect()
    found = {(r.account_a, r.account_b): tuple(r[f] for f in (*FAMILIES, "bits")) for r in made}
    expected = {}
    for pair, facts in best.items():
        of = [sum(bits for (family, _), bits in facts.items() if family == name) for name in FAMILIES]
        agreeing = sum(bits >= RUN.settings.graph.family_floor * 1_000 for bits in of)
        if (
            agreeing >= RUN.settings.graph.families
            and sum(of) >= (np.log2(24) + RUN.settings.graph.chance_links) * 1_000
        ):
            expected[pair] = (*of, sum(of))
    assert found == expected
    assert len(best) > len(found) > 100


def test_pairs_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_evidence, "hashed", lambda a, b: (a + b).view(np.uint64) % np.uint64(3))
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 6, 200), rng.integers(0, 6, 200)
    order, run_starts = pair_evidence.by_pair(a, b)
    groups = [sorted(group) for group in np.split(order, run_starts[1:])]
    assert sorted(i for group in groups for i in group) == list(range(200))
    assert len(groups) == len(set(zip(a.tolist(), b.tolist(), strict=True)))
    assert all(len({(a[i], b[i]) for i in group}) == 1 for group in groups)
