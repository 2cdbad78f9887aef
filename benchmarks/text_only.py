"""Accounts of which only texts and times are known: coordinated ones among people who follow the same things.

Such logs come from other platforms: no infrastructure, no turns, no tokens, one model. The words and the curves of
people's days are the traffic generator's; who acts together is made up here. Three operators: `echo`, whose accounts
post each day's lines within minutes of each other and live ordinary lives beside it; `desk`, whose accounts send the
same headlines at once; `office`, whose people write about one subject in office hours, each words of its own, which
text and times alone do not tell from colleagues. Legitimate: `fan`s who write during the same matches, a `viral` text,
and users of a `scheduled` greeting.

    python benchmarks/text_only.py --bench FOLDER --out LANDING [--seed 1]
"""

import argparse
import gzip
import importlib
import json
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

HOUR, DAY, DAYS = 3_600.0, 86_400.0, 14
LINE = 200  # characters of a post


class TextOnly:
    """Posts of accounts, as (second, account, text), and whom the truth says each account is."""

    def __init__(self, bench: Path, seed: int):
        sys.path.insert(0, str(bench))
        traffic: Any = importlib.import_module("traffic")  # the benchmark's, which is no part of this project
        self.start = traffic.START
        self.world = traffic.World({}, bench / "pools", seed, 1.0)
        self.chance: np.random.Generator = self.world.rng
        self.pools: dict[str, list[str]] = self.world.pools
        self.rows: list[tuple[float, str, str]] = []
        self.truth: list[dict[str, str | None]] = []

    def accounts(self, name: str, n: int, posts: tuple[int, int], *, operator: bool = False) -> list[str]:
        """So many new accounts, each with a person's posts, from and to so many."""
        made = [f"{name}-{i:04}" for i in range(n)]
        for account in made:
            self.truth.append(
                {
                    "account_id": account,
                    "campaign": name if operator else None,
                    "kind": "operator" if operator else name,
                }
            )
            self.live(account, int(self.chance.integers(*posts)))
        return made

    def live(self, account: str, n: int) -> None:
        """So many posts about a few interests, in sittings, at a person's hours."""
        interests = self.chance.integers(0, len(self.pools["users"]), int(self.chance.integers(1, 5)))
        curve = self.world.curves[int(self.chance.integers(0, len(self.world.curves)))]
        shifted = np.roll(curve, 24 * int(self.chance.integers(0, DAYS)) + int(self.chance.integers(-6, 7)))
        for second, _, _ in self.world.sessions(n, shifted) if n else ():
            self.say(second, account, self.world.user_prompt(interests))

    def say(self, second: float, account: str, text: str) -> None:
        """A post, if it is within the days."""
        if 0 <= second < DAYS * DAY:
            self.rows.append((second, account, text[:LINE]))

    def irregular(self, n: int) -> list[float]:
        """So many times of waking hours, on days of their own."""
        return sorted(float(self.chance.integers(0, DAYS) * DAY + HOUR * self.chance.uniform(6, 22)) for _ in range(n))

    def operators(self) -> None:
        """The three that act together."""
        echo = self.accounts("echo", 80, (8, 25), operator=True)
        for k, second in enumerate(self.irregular(22)):
            lines = self.pools["op_general"][3 * k : 3 * k + 3]
            for account in echo:
                if self.chance.random() < 0.45:
                    tag = f" #tag{k}" if self.chance.random() < 0.5 else ""
                    self.say(
                        second + float(self.chance.exponential(500)),
                        account,
                        lines[int(self.chance.integers(0, 3))][: LINE - 8] + tag,
                    )
        desk, headlines = self.accounts("desk", 40, (0, 1), operator=True), self.pools["bot_banking"]
        for k, second in enumerate(self.irregular(60)):
            for account in desk:
                if self.chance.random() < 0.5:
                    self.say(second + float(self.chance.uniform(0, 420)), account, headlines[k % len(headlines)])
        office, subject = self.accounts("office", 50, (3, 12), operator=True), self.pools["op_reasoning"]
        first = int(self.chance.integers(0, len(subject) - 300))
        for account in office:
            for day in (d for d in range(DAYS) if d % 7 < 5):
                for _ in range(int(self.chance.poisson(4))):
                    text = self.world.vary(subject[first + int(self.chance.integers(0, 300))])
                    self.say(day * DAY + HOUR * float(self.chance.uniform(7, 16)), account, text)

    def legitimate(self) -> None:
        """People, and those whom a match, a text or a schedule brings together."""
        for account in self.accounts("user", 3_000, (0, 1)):
            self.live(account, int(np.clip(self.chance.lognormal(2.6, 1.1), 1, 800)))
        match = self.chance.integers(0, len(self.pools["users"]), 1)
        for account in self.accounts("fan", 60, (10, 40)):
            for day in (d for d in (1, 3, 6, 8, 10, 13) if self.chance.random() < 0.6):
                for _ in range(int(self.chance.integers(1, 4))):
                    self.say(
                        day * DAY + 19 * HOUR + float(self.chance.uniform(0, 2 * HOUR)),
                        account,
                        self.world.user_prompt(match),
                    )
        for account in self.accounts("viral", 150, (5, 30)):
            self.say(
                5 * DAY + float(self.chance.exponential(DAY)),
                account,
                self.pools["act_as"][int(self.chance.integers(0, 5))],
            )
        for account in self.accounts("scheduled", 30, (5, 20)):
            for day in range(DAYS):
                word = self.world.vocabulary[int(self.chance.integers(0, len(self.world.vocabulary)))]
                self.say(day * DAY + 8 * HOUR + float(self.chance.uniform(0, 120)), account, f"Good morning {word}")

    def write(self, landing: Path) -> None:
        """The landing folder, and beside it the truth."""
        days = defaultdict(list)
        for number, (second, account, text) in enumerate(sorted(self.rows)):
            at = self.start + timedelta(seconds=second)
            row = {
                "account_id": account,
                "requested_at": at.isoformat(timespec="seconds"),
                "request_model": "post",
                "prompt": text,
            }
            days[at.date().isoformat()].append({"exchange_id": f"post-{number:07}", **row})
        for day, rows in days.items():
            folder = landing / "exchanges" / f"dt={day}"
            folder.mkdir(parents=True, exist_ok=True)
            with gzip.open(folder / "part-0.jsonl.gz", "wt", encoding="utf-8") as lines:
                lines.writelines(json.dumps(row) + "\n" for row in rows)
        truth = landing.parent / f"{landing.name}.truth.jsonl"
        truth.write_text("".join(json.dumps(row) + "\n" for row in self.truth), encoding="utf-8")


def main() -> int:
    """Make one landing folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder of the benchmark: traffic.py, pools/")
    parser.add_argument(
        "--out", type=Path, required=True, help="landing folder to make; the truth is written beside it"
    )
    parser.add_argument("--seed", type=int, default=1, help="same seed, same landing")
    given = parser.parse_args()
    posts = TextOnly(given.bench, given.seed)
    posts.operators()
    posts.legitimate()
    posts.write(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
