"""How well methods of others find the campaigns in a lake: the baselines' rows of `make bench-detection`.

Every baseline gets what the pipeline has read: shared values, activity and vectors. Of its settings and thresholds it
gets the pair with the best F1 of accounts against the truth, which nobody has who searches a platform: it flatters all
of them. AP is of the whole ranking at that setting; all other figures are of the accounts at and above the threshold.

    python benchmarks/baseline_table.py --bench FOLDER --truth FILE --lake FOLDER --date YYYY-MM-DD [--json]
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from baselines.components import components
from baselines.densest import densest
from baselines.prepared import Prepared, read
from baselines.record_linkage import record_linkage
from baselines.synchrony import synchrony
from baselines.two_sample import ALARM, members_of, tested, two_sample

Row = dict[str, Any]
Baseline = Callable[[Prepared], Iterator[tuple[str, pl.DataFrame]]]
BASELINES: dict[str, Baseline] = {
    "components": components,
    "Splink": record_linkage,
    "FRAUDAR": densest,
    "CopyCatch": synchrony,
    "MMD": two_sample,
}
ATTACKED = 0.1  # the share of operators' accounts from which on an alarm for a group is right


@dataclass(frozen=True)
class Best:
    """The setting and threshold with the best F1, and all accounts that are scored at that setting."""

    setting: str
    threshold: float
    f1: float
    scored: pl.DataFrame


def main() -> int:
    """Print the table, or the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder of the benchmark, with evaluate.py")
    parser.add_argument("--truth", type=Path, required=True, help="the campaign of each account, JSON lines")
    parser.add_argument("--lake", type=Path, required=True, help="a lake that a run has filled")
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="the day of that run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    made = measure(given.bench, given.truth, given.lake, given.date)
    if given.json:
        print(json.dumps(made))
    else:
        heads = " ".join(f"{head:>6}" for head in ("AP", "prec.", "recall", "B3 F1", "cl. AP"))
        print(f"{'baseline':28} {heads} {'clusters':>8} {'accounts':>8} {'seconds':>7}  false positives")
        print("\n".join(lines(made)))
    return 0


def measure(bench: Path, truth: Path, lake: Path, day: date) -> Row:
    """What `evaluate.py` says of each baseline (rows), how MMD alarms fare (alarms), and what is missing (left_out)."""
    prepared = read(lake, day)
    known = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    operators = [row["account_id"] for row in known if row["campaign"]]
    made: Row = {"rows": {}, "alarms": {}, "left_out": []}
    if not operators:
        made["left_out"].append("all baselines: without a campaign there is no best threshold")
        return made
    for name, baseline in BASELINES.items():
        began = time.monotonic()
        try:
            found = best(baseline(prepared), operators)
        except ImportError as error:
            made["left_out"].append(f"{name}: {error}; the extra `bench` brings it")
            continue
        seconds = time.monotonic() - began
        if found is None:
            made["left_out"].append(f"{name}: scores no operator's account")
            continue
        whole = evaluate(bench, truth, found.scored)
        above = evaluate(bench, truth, found.scored.filter(pl.col("score") >= found.threshold))
        made["rows"][name] = above | {
            "ap": whole["ap"],
            "seconds": round(seconds, 1),
            "at": f"{found.setting}, score >= {found.threshold:.4g}",
        }
    members = pl.scan_delta(str(lake / "gold/suspect_cluster_members")).filter(pl.col("run_date") == day)
    published = members.select("account_id").collect().to_series().to_list()
    made["alarms"] = alarms(prepared, operators, published)
    return made


def best(settings: Iterator[tuple[str, pl.DataFrame]], operators: list[str]) -> Best | None:
    """The setting and threshold with the best F1 of accounts; of equals the first setting, the highest threshold."""
    chosen: Best | None = None
    for setting, scored in settings:
        at = (
            scored.with_columns(hit=pl.col("account_id").is_in(operators))
            .group_by("score")
            .agg(pl.len().alias("n"), pl.col("hit").sum())
            .sort("score", descending=True)
            .select("score", f1=2 * pl.col("hit").cum_sum() / (pl.col("n").cum_sum() + len(operators)))
            .sort("f1", descending=True, maintain_order=True)
        )
        if len(at) and at["f1"][0] > (chosen.f1 if chosen else 0):
            chosen = Best(setting, at["score"][0], at["f1"][0], scored)
    return chosen


def evaluate(bench: Path, truth: Path, scored: pl.DataFrame) -> Row:
    """What the benchmark's `evaluate.py` says of scored accounts (account_id, group, score)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("account_id", "cluster_id", "score"))
            writer.writerows(scored.select("account_id", "group", "score").iter_rows())
        command = (sys.executable, bench / "evaluate.py", "--truth", truth, "--members", path, "--json")
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    answer: Row = json.loads(done.stdout)
    return answer


def alarms(prepared: Prepared, operators: list[str], published: list[str]) -> dict[str, dict[str, int]]:
    """How the MMD alarms fare for each kind of group, everywhere and where the detector publishes nobody.

    An alarm is a p-value of 5% and less. A group is attacked if a tenth of its accounts are operators'. Per kind,
    counts of groups: groups, attacked, alarms, right (alarms for attacked groups); with `quiet_`, of those where no
    account is published.
    """
    groups = (
        members_of(prepared.accounts)
        .group_by("kind", "name")
        .agg(
            attacked=pl.col("account_id").is_in(operators).mean() >= ATTACKED,
            quiet=~pl.col("account_id").is_in(published).any(),
        )
        .join(tested(prepared), on=["kind", "name"])
        .with_columns(alarm=pl.col("p_value") <= ALARM)
    )
    made = {}
    for (kind,), of_kind in groups.sort("kind").group_by("kind", maintain_order=True):
        counts: dict[str, int] = {}
        for prefix, some in (("", of_kind), ("quiet_", of_kind.filter("quiet"))):
            right = some.filter(pl.col("alarm") & pl.col("attacked"))
            counts |= {
                f"{prefix}groups": len(some),
                f"{prefix}attacked": int(some["attacked"].sum()),
                f"{prefix}alarms": int(some["alarm"].sum()),
                f"{prefix}right": len(right),
            }
        made[str(kind)] = counts
    return made


def lines(made: Row) -> Iterator[str]:
    """The rows of the table, as `make bench-detection` prints them."""
    for name, row in made["rows"].items():
        figures = (row["ap"], row["precision"], row["recall"], row["bcubed"]["f1"], row["cluster_ap"])
        accused = ", ".join(f"{v['count']} {k}" for k, v in row["accused"].items() if v["count"]) or "nobody"
        shown = " ".join(f"{x:6.3f}" for x in figures)
        yield f"  {name:26} {shown} {row['clusters']:8} {row['published']:8} {row['seconds']:7.0f}  {accused}"
        yield f"{'':28} best F1 of accounts at {row['at']}"
    for kind, counts in made["alarms"].items():
        parts = []
        for of in ("", "quiet_"):
            groups, attacked, raised, right = (counts[of + n] for n in ("groups", "attacked", "alarms", "right"))
            parts.append(f"{right} of {attacked} attacked groups and {raised - right} of {groups - attacked} others")
        yield f"  MMD alarms per {kind}: {parts[0]}; where no cluster is found: {parts[1]}"
    for reason in made["left_out"]:
        yield f"  left out: {reason}"


def flat(made: Row) -> dict[str, float]:
    """Every figure by one name, as `fraudar_ap` or `mmd_network_quiet_right`."""
    figures: dict[str, float] = {}
    for name, row in made.get("rows", {}).items():
        figures |= {f"{name.lower()}_{figure}": row[figure] for figure in ("ap", "precision", "recall", "seconds")}
        figures[f"{name.lower()}_bcubed_f1"] = row["bcubed"]["f1"]
    for kind, counts in made.get("alarms", {}).items():
        figures |= {f"mmd_{kind.replace(' ', '_')}_{count}": n for count, n in counts.items()}
    return figures


if __name__ == "__main__":
    sys.exit(main())
