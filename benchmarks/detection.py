"""How well campaigns are found: every scenario, seed and ablation, each simulated, run and scored; one table.

Wants the benchmark's folder, with its generator `traffic.py`, its scorer `evaluate.py` and its pools of real prompts:
it is no part of this project, and nothing of it is kept. Each case is run into a lake of its own: the days are loaded,
and the last is searched. Four weeks are the same scenario at half the speed: twice the days, and twice the exchanges of
everybody. The last case searches every day, as a schedule would, and tells for each campaign the day of its 200th
exchange, the day it was first published, and its exchanges by the end of that day. Below each case stand the baselines
of `baseline_table.py` on the same lake, each at its best; `--no-baselines` leaves them out (half a minute a case).

    python benchmarks/detection.py --bench FOLDER [--only NAME ...] [--json FILE] [--no-baselines]
"""

import argparse
import gzip
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import baseline_table
import edits
from deltalake import DeltaTable
from edits import Row

HERE = Path(__file__).resolve().parent
FIRST, DAYS = date(2026, 3, 2), 14  # those of traffic.py
# The benchmark's own scenarios, each with the generator that makes it; all others are this project's.
OWN = {"dev": "traffic.py", "relay": "traffic.py", "judgement": "traffic2.py"}
RICHER = {"trades": "traffic2.py"}  # of this project's, those that need the richer generator
MADE_HERE = {
    "strangers": "strangers.py",
    "attacks": "attacks.py",
}  # those that a generator of this project makes, with the benchmark's
INFRASTRUCTURE = (
    "api_key_id",
    "client_ip",
    "client_asn",
    "client_country",
    "user_agent",
    "tls_fingerprint",
    "access_path",
)
TEXT_AND_TIME = ("exchange_id", "account_id", "requested_at", "request_model", "prompt")


def _without_infrastructure(row: Row) -> Row:
    return {k: v for k, v in row.items() if k not in INFRASTRUCTURE}


def _constant_prompts(row: Row) -> Row:
    return row | {"prompt": "Please help me with this."}


def _text_and_time(row: Row) -> Row:
    return {k: row[k] for k in TEXT_AND_TIME} | {"request_model": "one"}


def _without_answers(row: Row) -> Row:
    return {k: v for k, v in row.items() if k not in ("response", "prior_response")}


# What is taken away: how an exchange is changed, and whether the accounts' own fields go as well.
ABLATIONS: dict[str, tuple[Callable[[Row], Row], bool]] = {
    "no infrastructure": (_without_infrastructure, True),
    "one prompt": (_constant_prompts, False),
    "text and time": (_text_and_time, True),
    "no answers": (_without_answers, False),
}


@dataclass(frozen=True)
class Case:
    """One run: a scenario, a seed, and what is taken away.

    scenario: a file's name; those of `OWN` are the benchmark's, `text_only` is made by text_only.py.
    """

    scenario: str
    seed: int = 1
    without: str = ""
    weeks: int = 2
    # every day is searched and published, not the last alone, and it is told when each campaign was
    by_day: bool = False

    @property
    def name(self) -> str:
        """What the table, and `--only`, call it."""
        more = (self.without, f"{self.weeks} weeks" if self.weeks != 2 else "", "day by day" if self.by_day else "")
        return ", ".join([f"{self.scenario} {self.seed}", *filter(None, more)])


CASES = (
    *(Case("dev", seed) for seed in (1, 2, 3)),
    *(Case("dev", 1, without) for without in ("no infrastructure", "one prompt", "text and time")),
    Case("careful"),
    Case("careful_answers"),
    Case("attacks"),
    Case("relay"),
    Case("relay", without="no answers"),
    *(Case("judgement", seed) for seed in (1, 2)),
    *(Case(scenario) for scenario in ("behaviours", "dispatch", "failures", "languages", "origins", "disguises")),
    *(Case("text_only", seed) for seed in (1, 2)),
    *(Case(scenario, seed) for scenario in ("background", "trades", "strangers") for seed in (1, 2, 3)),
    *(Case(scenario, weeks=4) for scenario in ("dev", "careful")),
    Case("dev", by_day=True),
)


def main() -> int:
    """Run the cases that are asked for and print the table; 2 if the benchmark is not where it was said to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--bench", type=Path, required=True, help="folder of the benchmark: traffic.py, evaluate.py, pools/"
    )
    parser.add_argument("--only", nargs="*", help="names of cases, as `dev 2` or `careful 1`; default: all")
    parser.add_argument("--json", type=Path, help="also write the figures here, one flat object")
    parser.add_argument(
        "--baselines", action=argparse.BooleanOptionalAction, default=True, help="methods of others below each case"
    )
    given = parser.parse_args()
    missing = [
        name
        for name in (*OWN.values(), "evaluate.py", "pools", *(f"scenario_{name}.json" for name in OWN))
        if not (given.bench / name).exists()
    ]
    if missing:
        print(
            f"{given.bench} has no {missing[0]}; name the benchmark's folder with --bench (make: BENCH=FOLDER)",
            file=sys.stderr,
        )
        return 2
    flat: dict[str, float] = {}
    heads = " ".join(f"{head:>6}" for head in ("AP", "prec.", "recall", "B3 F1", "cl. AP"))
    print(f"{'case':28} {heads} {'clusters':>8} {'accounts':>8} {'seconds':>7}  false positives")
    for case in CASES:
        if given.only and case.name not in given.only:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = score(case, given.bench, Path(folder), given.baselines)
        false_positives = ", ".join(f"{v['count']} {k}" for k, v in found["accused"].items() if v["count"]) or "nobody"
        figures = (found["ap"], found["precision"], found["recall"], found["bcubed"]["f1"], found["cluster_ap"])
        row = " ".join(f"{x:6.3f}" for x in figures)
        print(
            f"{case.name:28} {row} {found['clusters']:8} {found['published']:8} {time.monotonic() - began:7.0f}  "
            f"{false_positives}",
            flush=True,
        )
        key = case.name.replace(",", "").replace(" ", "_")
        flat |= {f"{key}_{name}": found[name] for name in ("ap", "precision", "recall", "cluster_ap", "published")}
        for name, campaign in found["campaigns"].items():
            if campaign["recall"] < 0.9:
                print(f"{'':28} {name}: {campaign['recall']:.2f} of its {campaign['accounts']} accounts", flush=True)
        for name, (reached, published, exchanges) in found.get("latency", {}).items():
            said = f"published on {published}, with {exchanges} exchanges made" if published else "not published"
            print(f"{'':28} {name}: 200th exchange on {reached}, {said}", flush=True)
        for line in baseline_table.lines(found["baselines"]) if given.baselines else ():
            print(line, flush=True)
        flat |= {f"{key}_{name}": n for name, n in baseline_table.flat(found.get("baselines", {})).items()}
    if given.json:
        given.json.write_text(json.dumps(flat), encoding="utf-8")
    return 0


def score(case: Case, bench: Path, folder: Path, baselines: bool) -> Row:
    """What `evaluate.py` says of a run of the case, and `baseline_table.py` of its lake."""
    landing, lake = folder / "landing", folder / "lake"
    last = FIRST + timedelta(days=DAYS * case.weeks // 2 - 1)
    if case.scenario == "text_only":
        _run(sys.executable, HERE / "text_only.py", "--bench", bench, "--out", landing, "--seed", str(case.seed))
    else:
        own = OWN.get(case.scenario)
        scenario = bench / f"scenario_{case.scenario}.json" if own else HERE / "scenarios" / f"{case.scenario}.json"
        generator, scenario = (
            (bench / (own or RICHER.get(case.scenario, "traffic.py")), scenario)
            if case.weeks == 2
            else slowed(bench, scenario, folder, case.weeks // 2)
        )
        made = ("--scenario", scenario, "--pools", bench / "pools", "--out", landing, "--seed", str(case.seed))
        here = MADE_HERE.get(case.scenario)
        _run(sys.executable, *((HERE / here, "--bench", bench) if here else (generator,)), *made)
        edits.apply(landing, json.loads(scenario.read_text(encoding="utf-8")).get("edits", []))
    if case.without:
        take_away(landing, *ABLATIONS[case.without])
    wanted = ("--landing", landing, "--lake", lake, "--from", FIRST, "--to", last)
    _run(sys.executable, "-m", "iolaus", "run", *wanted, "--report", "none", *(() if case.by_day else ("--last-only",)))
    of = ("--truth", folder / "landing.truth.jsonl", "--lake", lake, "--run-date", last)
    answer = _run(sys.executable, bench / "evaluate.py", *of, "--json")
    found: Row = json.loads(answer)
    if baselines:  # a process of its own gives back what it held before the next case runs
        given = ("--bench", bench, "--truth", folder / "landing.truth.jsonl", "--lake", lake, "--date", last, "--json")
        found["baselines"] = json.loads(_run(sys.executable, HERE / "baseline_table.py", *given))
    return found | ({"latency": latency(landing, lake)} if case.by_day else {})


def slowed(bench: Path, scenario: Path, folder: Path, times: int) -> tuple[Path, Path]:
    """The generator for so many times the days, and the scenario spread over them with as many times the exchanges."""
    source, days = (bench / "traffic.py").read_text(encoding="utf-8"), f"\nDAYS = {DAYS}\n"
    if source.count(days) != 1:
        raise SystemExit(
            f"{bench}/traffic.py does not say how many days it makes as `{days.strip()}`; name other cases with --only"
        )
    made = json.loads(scenario.read_text(encoding="utf-8"))
    made["background"]["log_mean"] += math.log(times)
    for group in (*made["look_alikes"], *made["campaigns"]):
        for name in ("exchanges", "day", "days", "ban_day", "classes"):
            value = group.get(name)
            if value is not None:
                group[name] = [times * x for x in value] if isinstance(value, list) else times * value
    paths = folder / "traffic.py", folder / "scenario.json"
    paths[0].write_text(source.replace(days, f"\nDAYS = {times * DAYS}\n"), encoding="utf-8")
    paths[1].write_text(json.dumps(made), encoding="utf-8")
    return paths


def latency(landing: Path, lake: Path) -> dict[str, tuple[str, str | None, int]]:
    """For each campaign: the day its 200th exchange arrived, its first day of publication, its exchanges by then."""
    truth = (landing.parent / f"{landing.name}.truth.jsonl").read_text(encoding="utf-8").splitlines()
    campaign = {row["account_id"]: row["campaign"] for row in map(json.loads, truth) if row["campaign"]}
    members = (
        DeltaTable(str(lake / "gold/suspect_cluster_members"))
        .to_pyarrow_table(columns=["run_date", "account_id"])
        .to_pylist()
    )
    first: dict[str, str] = {}
    for member in sorted(members, key=lambda m: m["run_date"]):
        if member["account_id"] in campaign:
            first.setdefault(campaign[member["account_id"]], str(member["run_date"]))
    made, reached, by_then = Counter[str](), dict[str, str](), dict[str, int]()
    for path in sorted(landing.glob("exchanges/*/*.jsonl.gz")):
        day = path.parent.name.removeprefix("dt=")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            made.update(name for line in lines if (name := campaign.get(json.loads(line)["account_id"])))
        for name, total in made.items():
            if total >= 200:
                reached.setdefault(name, day)
            if day <= first.get(name, ""):
                by_then[name] = total
    return {name: (day, first.get(name), by_then.get(name, 0)) for name, day in reached.items()}


def take_away(landing: Path, change: Callable[[Row], Row], accounts_too: bool) -> None:
    """Rewrite a landing folder's exchanges, and leave it without accounts where their fields go too."""
    edits.rewrite(landing, change)
    if accounts_too:
        (landing / "accounts.jsonl").unlink()


def _run(*command: object) -> str:
    environment = os.environ | {"IOLAUS_HMAC_KEY": "a-key-for-benchmarks-that-protects-nothing"}
    for _ in range(3):
        done = subprocess.run(
            [str(c) for c in command], env=environment, cwd=HERE.parent, capture_output=True, text=True, check=False
        )
        if done.returncode != -signal.SIGABRT:  # readers of Delta tables now and then abort when a process ends
            break
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
