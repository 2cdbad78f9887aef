"""Innocents of kinds that no scenario of the benchmark has: a platform on which nobody is an operator.

    python benchmarks/strangers.py --bench FOLDER --scenario FILE --pools FOLDER --out FOLDER [--seed N]

Made with the benchmark's generator `traffic2.py`, whose people, prompts and hours are used. Each method of `Strangers`
that takes a group is a kind.
"""

import argparse
import importlib
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

KINDS = (
    "pack", "own_key_app", "game_mod", "evaluators", "outsourced", "moved", "tutorial", "translators",
    "support_widget", "lab_class",
)  # fmt: skip
Row = dict[str, Any]


class Strangers:
    """The benchmark's platform with these kinds beside its own; the generators are loaded from `bench`."""

    def __init__(self, bench: Path, scenario: Row, pools: Path, seed: int):
        sys.path.insert(0, str(bench))
        traffic: Any = importlib.import_module("traffic")
        richer: Any = importlib.import_module("traffic2")
        self.start, self.days, self.agents, self.tls = traffic.START, traffic.DAYS, traffic.AGENTS, traffic.TLS
        self.old, self.mini, self.new, self.digest = traffic.OLD, traffic.MINI, traffic.NEW, traffic.digest
        every = scenario["look_alikes"]
        known = scenario | {"look_alikes": [g for g in every if g["kind"] not in KINDS]}
        self.world: Any = richer.World2(known, pools, seed, 1.0)
        before = self.world.look_alikes

        def look_alikes() -> None:
            before()
            for group in every:
                if group["kind"] in KINDS:
                    getattr(self, group["kind"])(group)

        self.world.look_alikes = look_alikes

    def each(self, g: Row) -> range:
        """The numbers of a group's accounts."""
        return range(max(2, int(g["accounts"])))

    def interests(self, n: int = 3) -> Any:
        """Places in the pool of people's prompts that one account likes."""
        return self.world.rng.integers(0, len(self.world.pools["users"]), n)

    def size(self, g: Row, sigma: float = 0.7, most: int = 600) -> int:
        """How many exchanges an account of the group has."""
        return int(np.clip(self.world.rng.lognormal(np.log(g["exchanges"]), sigma), 3, most))

    def ago(self, least: float, most: float) -> Any:
        """A time so many days before the first."""
        return self.start - timedelta(days=float(self.world.rng.uniform(least, most)))

    def servers(self, asn: int, n: int) -> list[tuple[str, int, str]]:
        """Addresses of one block."""
        return [(self.world.ip(asn, 5), asn, "US") for _ in range(n)]

    def talk(self, a: Row, g: Row, make: Any, **how: Any) -> None:
        """A person's conversations, each message made by `make`."""
        for at, conversation, turn in self.world.sessions(
            self.size(g), self.world.curve(), start=how.pop("first", 0.0)
        ):
            self.world.send(
                a, at, make(turn), self.world.model(a, at, 3e5), conversation=conversation, turn=turn, **how
            )

    def pack(self, g: Row) -> None:
        """Buyers of one pack of prompts; each uses a few of its templates on texts of their own."""
        for i in self.each(g):
            a, own = self.world.account(g["name"], i, g["kind"]), self.interests()
            mine = self.world.rng.choice(g["templates"], int(self.world.rng.integers(2, 6)), replace=False)

            def make(turn: int, mine: Any = mine, own: Any = own) -> str:
                said = self.world.user_prompt(own)
                used = turn == 0 and self.world.rng.random() < 0.7
                return str(self.world.rng.choice(mine)).replace("{}", said) if used else said

            self.talk(a, g, make)

    def own_key_app(self, g: Row) -> None:
        """An application whose users bring their own keys: its servers send all of it, with one system prompt."""
        gate = self.servers(2711, 2)
        for i in self.each(g):
            a = self.world.account(
                g["name"], i, g["kind"], plan="api", path="api", ips=gate, agent=g["agent"], tls=self.tls[2],
                signup_ip=self.world.ip(1000 + i % 50), created_at=self.ago(0, 45),
            )  # fmt: skip
            own = self.interests()
            self.talk(a, g, lambda _, own=own: self.world.user_prompt(own), system=g["system"])

    def game_mod(self, g: Row) -> None:
        """Players of a game whose mod asks for lines of its characters: short, many, one system prompt."""
        for i in self.each(g):
            born = self.start + timedelta(days=float(min(12, g["launch"] + self.world.rng.exponential(3))))
            a = self.world.account(g["name"], i, g["kind"], plan="api", path="api", agent=g["agent"], created_at=born)
            first = max(0.0, (born - self.start).total_seconds() / 86400)
            own = self.interests(2)
            for at in self.world.times(self.size(g), self.world.curve(), start=min(first, self.days - 1)):
                line = " ".join(self.world.user_prompt(own).split()[:12])
                self.world.send(a, float(at), g["template"].replace("{}", line), self.mini, system=g["system"])

    def evaluators(self, g: Row) -> None:
        """Research groups that run one public benchmark, each with its own harness, again for every model."""
        pool = self.world.pools[g["pool"]][: g["prompts"]]
        for i in self.each(g):
            asn = 1400 + i % 4
            a = self.world.account(
                g["name"], i, g["kind"], plan="api", path="api", agent=self.agents[i % 3], ips=self.servers(asn, 2)
            )
            harness = " ".join(self.world.user_prompt(self.interests()).split()[:9])
            first = float(self.world.rng.uniform(0, 5))
            for day, model in (
                (first, self.old),
                (first + 0.3, self.mini),
                (9 + float(self.world.rng.uniform(0, 4)), self.new),
            ):
                for k in self.world.rng.permutation(len(pool))[: int(g["share"] * len(pool))]:
                    text = f"{harness}\n{pool[int(k)]}\nAnswer:"
                    self.world.send(a, day * 86400 + 3.0 * int(k), text, model, temperature=0.0, thinking=i % 2 == 0)

    def outsourced(self, g: Row) -> None:
        """Seats of service firms, each in one office on one card, with the scripts that its clients gave it."""
        for i in self.each(g):
            firm = i // g["size"]
            office = [
                (f"{81 + firm}.33.{firm}.4", 2300 + firm, "IN"),
                (f"{81 + firm}.33.{firm}.5", 2300 + firm, "IN"),
            ]
            a = self.world.account(
                g["name"], i, g["kind"], plan="pro", ips=office, email_domain=f"bpo{firm}.example", country="IN",
                payment_fingerprint="pm_" + self.digest(g["name"], firm), created_at=self.ago(10, 12 + 40 * firm),
            )  # fmt: skip
            client = i % 4
            script = g["scripts"][client]
            own = [211 * firm + 17 * client, 211 * firm + 17 * client + 5]
            shift = np.tile(np.r_[np.zeros(4), np.ones(9), np.zeros(11)], self.days)
            for at, conversation, turn in self.world.sessions(self.size(g, 0.4), shift):
                said = self.world.user_prompt(own)
                text = script.replace("{}", said) if turn == 0 else said
                self.world.send(a, at, text, self.old, conversation=conversation, turn=turn)

    def moved(self, g: Row) -> None:
        """People who came on one day, when another service closed, many of them with one importing client."""
        for i in self.each(g):
            born = self.start + timedelta(days=float(g["day"] + self.world.rng.exponential(0.15)))
            agent = g["agent"] if self.world.rng.random() < 0.6 else None
            a = self.world.account(g["name"], i, g["kind"], plan="api", path="api", agent=agent, created_at=born)
            own = self.interests()
            self.talk(a, g, lambda _, own=own: self.world.user_prompt(own), first=g["day"] + 0.5)

    def tutorial(self, g: Row) -> None:
        """Viewers who built the flow of one video: one template, a program each, texts of their own."""
        for i in self.each(g):
            born = self.start - timedelta(days=float(self.world.rng.exponential(9)))
            ips = self.servers(1400 + i % 5, 1)
            a = self.world.account(
                g["name"], i, g["kind"], plan="api", path="api", created_at=born, agent=self.agents[i % 2], ips=ips
            )
            own, every = self.interests(2), float(self.world.rng.choice([0.5, 1, 4, 12])) * 3600
            begin = float(self.world.rng.uniform(0, every))
            for k in range(int(min(400, self.days * 86400 / every))):
                at = begin + k * every + float(self.world.rng.exponential(30))
                if at < self.days * 86400:
                    self.world.send(
                        a, at, g["template"].replace("{}", self.world.user_prompt(own)), self.old, temperature=0.0
                    )

    def translators(self, g: Row) -> None:
        """Freelancers of one agency, with its instruction and template, who work from where they live."""
        for i in self.each(g):
            a = self.world.account(
                g["name"], i, g["kind"], plan=str(self.world.rng.choice(["pro", "api"])), agent=self.agents[4]
            )
            own = self.interests(2)
            for at in self.world.times(self.size(g), self.world.curve()):
                text = g["template"].replace("{}", self.world.user_prompt(own))
                self.world.send(a, float(at), text, self.old, system=g["system"], long_output=True)

    def support_widget(self, g: Row) -> None:
        """Shops that installed one chat plug-in: its addresses, its client, its instruction with the shop's name."""
        gate = self.servers(2822, 5)
        for i in self.each(g):
            a = self.world.account(
                g["name"], i, g["kind"], plan="api", path="api", ips=gate, agent=g["agent"], tls=self.tls[1],
                created_at=self.ago(1, 200),
            )  # fmt: skip
            topic, pool = int(self.world.rng.integers(0, 1 << 20)), self.world.pools[g["pool"]]
            shop = " ".join(self.world.user_prompt(self.interests()).split()[:3])
            for at, conversation, turn in self.world.sessions(self.size(g), self.world.curve()):
                text = self.world.vary(pool[(topic + int(self.world.rng.integers(0, 30))) % len(pool)])
                system = g["system"].replace("{}", shop)
                self.world.send(a, at, text, self.mini, system=system, conversation=conversation, turn=turn)

    def lab_class(self, g: Row) -> None:
        """A seminar that grades answers by one rubric, everybody other answers, from one campus."""
        gate, pool = self.servers(2951, 2), self.world.pools[g["pool"]]
        for i in self.each(g):
            born = self.start + timedelta(days=g["day"] + float(self.world.rng.uniform(0, 2)))
            a = self.world.account(
                g["name"], i, g["kind"], plan="api", path="api", verified_as="education", agent=self.agents[0],
                email_domain="institute.example", created_at=born,
                ips=[*gate, (self.world.ip(1000 + i % 40), 1000 + i % 40, "US")],
            )  # fmt: skip
            mine = self.world.rng.integers(0, len(pool), int(self.world.rng.integers(25, 60)))
            day = g["day"] + 2 + float(self.world.rng.uniform(0, 6))
            for k, which in enumerate(mine):
                text = g["template"].replace("{}", self.world.vary(pool[int(which)]))
                self.world.send(a, day * 86400 + 20.0 * k, text, self.old, temperature=0.0)
            own = self.interests()
            for at, conversation, turn in self.world.sessions(
                int(self.world.rng.integers(3, 15)), self.world.curve(), start=g["day"] + 2
            ):
                self.world.send(a, at, self.world.user_prompt(own), self.old, conversation=conversation, turn=turn)


def main() -> None:
    """Write the landing and, beside it, the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder of the benchmark's generators")
    parser.add_argument("--scenario", type=Path, required=True)
    parser.add_argument("--pools", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    scenario = json.loads(given.scenario.read_text(encoding="utf-8"))
    Strangers(given.bench, scenario, given.pools, given.seed).world.run(given.out)


if __name__ == "__main__":
    main()
