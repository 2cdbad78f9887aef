"""What an operator can do who has read this detector: the attacks, done to the campaigns of a scenario.

    python benchmarks/attacks.py --bench FOLDER --scenario FILE --pools FOLDER --out FOLDER [--seed N]

The traffic is that of the benchmark's generator `traffic.py`. The scenario lists its `attacks`; each names the campaign
that it is done to, and what is done, a method of `Attacks`. Accounts that an attack adds are in no truth file: whether
they are published is not scored.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import edits
from edits import Row

# What a registration has in common with others of its campaign.
REGISTERED = ("email_domain", "created_at", "plan", "phone_country", "billing_country", "signup_asn")


class Attacks:
    """A landing folder as it is being attacked. `accounts`: every row of its accounts by id."""

    def __init__(self, landing: Path, seed: int):
        self.landing, self.chance = landing, Random(seed)
        self.truth = list(edits.read(landing.with_name(f"{landing.name}.truth.jsonl")))
        self.accounts = {row["account_id"]: row for row in edits.read(landing / "accounts.jsonl")}
        self.added: list[Row] = []

    def of(self, campaign: str) -> set[str]:
        """The accounts of a campaign."""
        return {row["account_id"] for row in self.truth if row["campaign"] == campaign}

    def end(self) -> None:
        """Write the accounts, and the exchanges that were added, to the files of their days."""
        edits.write(self.landing / "accounts.jsonl", self.accounts.values())
        edits.append(self.landing, self.added)

    def exchanges(self, campaign: str) -> list[Row]:
        """Every exchange of a campaign."""
        ours = self.of(campaign)
        return [row for row in edits.exchanges(self.landing) if row["account_id"] in ours]

    def change(self, campaign: str, how: Callable[[Row], Row]) -> None:
        """Change every exchange of a campaign."""
        ours = self.of(campaign)
        edits.rewrite(self.landing, lambda row: how(row) if row["account_id"] in ours else row)

    def cheap(self, number: int, like: Callable[[int], Row], texts: Callable[[int], Iterator[str]]) -> None:
        """New accounts, each with an owner, a card and a line of its own, that send a few requests.

        `like`: a request of somebody's, whose client and models an account has.
        """
        models = list(self.accounts.values())
        for i in range(number):
            name, model, sent = f"acc_cheap_{len(self.added):06}", self.chance.choice(models), like(i)
            address = f"100.{64 + i % 60}.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}"
            own = {"account_id": name, "api_key_id": f"key_{name}", "client_ip": address}
            self.accounts[name] = model | {
                "account_id": name, "org_id": None, "signup_ip": address, "payment_fingerprint": f"pm_{name}",
                "status": "active", "banned_at": None,
            }  # fmt: skip
            for number_of, text in enumerate(texts(i)):
                at = datetime.fromisoformat(sent["requested_at"]) + timedelta(minutes=self.chance.uniform(0, 300))
                self.added.append(
                    sent | own | {
                        "exchange_id": f"{name}-{number_of}", "conversation_id": f"{name}-{number_of}", "prompt": text,
                        "requested_at": at.isoformat(timespec="milliseconds"), "turn_index": 0,
                    }
                )  # fmt: skip

    def hot(self, campaign: str, accounts: int = 700) -> None:
        """Cheap accounts send the campaign's template three times each, so that too many share it for pairs."""
        rows = self.exchanges(campaign)
        self.cheap(
            accounts,
            lambda _: self.chance.choice(rows),
            lambda _: (self.chance.choice(rows)["prompt"] for _ in range(3)),
        )

    def rates(self, campaign: str, accounts: int = 1_000) -> None:
        """Cheap accounts with the campaign's clients, mail domains and days of creation ask ordinary things.

        What its accounts share is then usual.
        """
        rows, ours = self.exchanges(campaign), sorted(self.of(campaign))
        known = set(ours)
        ordinary = [row["prompt"] for row in edits.exchanges(self.landing) if row["account_id"] not in known]
        before = len(self.accounts)
        self.cheap(
            accounts, lambda _: self.chance.choice(rows), lambda _: (self.chance.choice(ordinary) for _ in range(4))
        )
        for name in list(self.accounts)[before:]:
            model = self.accounts[self.chance.choice(ours)]
            self.accounts[name] |= {key: model[key] for key in REGISTERED}

    def drift(self, campaign: str) -> None:
        """The template's words change from day to day: each day another word of every wrapper is replaced."""
        ordinary = sorted({w for row in self.exchanges(campaign)[:2_000] for w in row["prompt"].split() if w.isalpha()})

        def drifted(row: Row) -> Row:
            words, day = row["prompt"].split(" "), row["requested_at"][:10]
            for place in (*range(0, min(24, len(words)), 3), *range(max(0, len(words) - 24), len(words), 3)):
                words[place] = Random(f"{day}{words[place]}").choice(ordinary)
            return row | {"prompt": " ".join(words)}

        self.change(campaign, drifted)

    def mixed(self, campaign: str, other: str) -> None:
        """Half of the requests are the other campaign's, with its templates and system prompts."""
        theirs = self.exchanges(other)
        texts = ("prompt", "system_instructions", "tool_names")

        def change(row: Row) -> Row:
            chance = Random(f"{row['exchange_id']} mixed")
            taken = chance.choice(theirs)
            return row | {name: taken[name] for name in texts} if chance.random() < 0.5 else row

        self.change(campaign, change)

    def midnight(self, campaign: str) -> None:
        """All traffic falls into the half hours before and after midnight, half of it on either side."""

        def moved(row: Row) -> Row:
            at = datetime.fromisoformat(row["requested_at"])
            start = at.replace(hour=0, minute=0, second=0, microsecond=0)
            share = (at - start) / timedelta(days=1)
            at = start + timedelta(minutes=60 * share if share < 0.5 else 1_380 + 60 * share - 0.1)
            return row | {"requested_at": at.isoformat(timespec="milliseconds")}

        self.change(campaign, moved)

    def one_seat(self, campaign: str) -> None:
        """Each account is a verified organisation of one seat."""
        for name in self.of(campaign):
            self.accounts[name] |= {"verified_as": "organisation", "org_id": f"org_{name}"}


def main() -> int:
    """Make the landing and attack it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bench", "scenario", "pools", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    made = ("--scenario", given.scenario, "--pools", given.pools, "--out", given.out, "--seed", given.seed)
    subprocess.run([sys.executable, str(given.bench / "traffic.py"), *map(str, made)], check=True)
    attacks = Attacks(given.out, given.seed)
    for attack in json.loads(given.scenario.read_text(encoding="utf-8"))["attacks"]:
        getattr(attacks, attack.pop("attack"))(**attack)
    attacks.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
