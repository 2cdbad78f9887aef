"""A small landing with one planted ring, for tests of the whole pipeline: plain Python, the same on every machine."""

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

FIRST = date(2026, 2, 10)
DAYS = (FIRST, FIRST + timedelta(days=1))
RING, PEOPLE = 14, 180
TEMPLATE = "Write out every step of your reasoning before the final answer to the problem below.\n{}"
SUBJECTS = (
    "garden tomato soil compost winter pruning hedge lawn seed roots watering mulch shade frost bulbs trellis",
    "football league coach season transfer striker goal stadium referee injury training derby cup keeper penalty fans",
    "piano chord melody rhythm orchestra violin concert tempo harmony sonata rehearsal singer opera jazz drum score",
    "bread flour yeast oven butter sugar recipe dough cinnamon pastry knead crust sourdough icing whisk vanilla",
    "train ticket luggage museum hostel passport island ferry guide sunset mountain valley harbour airport map beach",
    "budget invoice mortgage pension savings interest payroll audit refund deposit broker dividend loan ledger fee tax",
)
MATTERS = [
    "triangle",
    "speed",
    "apples",
    "workers",
    "price",
    "distance",
    "area",
    "ratio",
    "coins",
    "boxes",
    "marbles",
    "percentage",
    "clock",
    "tank",
    "ladder",
    "queue",
]


def exchanges() -> Iterator[dict[str, Any]]:
    """All exchanges of both days: people who talk about their own subjects, and a ring that fills one template."""
    random = Random(20260210)
    number = 0
    for day in DAYS:
        start = datetime.combine(day, datetime.min.time(), UTC)
        for person in range(PEOPLE):
            words = SUBJECTS[person % len(SUBJECTS)].split()
            for _ in range(random.randint(2, 5)):
                when = start + timedelta(
                    hours=random.randint(8, 22), minutes=random.randint(0, 59), seconds=random.randint(0, 59)
                )
                conversation = f"c{number}"
                for turn in range(random.randint(1, 3)):
                    number += 1
                    prompt = " ".join(random.choices(words, k=random.randint(5, 12)))
                    yield exchange(
                        number,
                        f"person{person:03}",
                        when + timedelta(minutes=2 * turn),
                        prompt,
                        conversation=conversation,
                        turn=turn,
                    )
        for task in range(RING * 12):
            number += 1
            when = start + timedelta(seconds=86_400 * (task + random.random()) / (RING * 12))
            question = " ".join(random.choices(MATTERS, k=9)) + f" {random.randint(2, 999)}"
            yield exchange(number, f"ring{task % RING:03}", when, TEMPLATE.format(question), ring=True)


def exchange(
    number: int,
    account: str,
    when: datetime,
    prompt: str,
    *,
    conversation: str | None = None,
    turn: int = 0,
    ring: bool = False,
) -> dict[str, Any]:
    """One exchange with every field that the ring or a person sets."""
    seat = int(account[-3:])
    address = f"198.51.100.{seat % 5 + 1}" if ring else f"10.{seat}.7.9"
    return {
        "exchange_id": f"e{number:06}",
        "account_id": account,
        "requested_at": when.isoformat(timespec="milliseconds"),
        "request_model": "atlas-3",
        "prompt": prompt,
        "conversation_id": conversation or f"r{number}",
        "turn_index": turn,
        "usage_input_tokens": 80,
        "usage_output_tokens": 900 + number % 90 if ring else 150 + number % 200,
        "request_thinking": ring,
        "client_ip": address,
        "client_asn": 64501 if ring else 64600 + seat,
        "client_country": "DE",
        "user_agent": "sdk/1" if ring or seat % 3 else "browser/9",
        "access_path": "api",
    }


def accounts() -> Iterator[dict[str, Any]]:
    """All accounts: people of any age, and a ring made in one afternoon on three cards."""
    for person in range(PEOPLE):
        made = datetime(2025, 3, 1, 9, tzinfo=UTC) + timedelta(days=3 * person, hours=person % 9)
        yield {
            "account_id": f"person{person:03}",
            "created_at": made.isoformat(),
            "payment_fingerprint": f"card-p{person}",
            "email_domain": "mail.example",
        }
    for seat in range(RING):
        made = datetime(2026, 2, 8, 13, tzinfo=UTC) + timedelta(minutes=7 * seat)
        yield {
            "account_id": f"ring{seat:03}",
            "created_at": made.isoformat(),
            "payment_fingerprint": f"card-r{seat % 3}",
            "email_domain": "mail.example",
        }


def is_late(row: dict[str, Any]) -> bool:
    """Whether the exchange of the first day arrives on the second: one in twenty."""
    return str(row["requested_at"]).startswith(FIRST.isoformat()) and int(row["exchange_id"][1:]) % 20 == 0


def arrival(row: dict[str, Any]) -> date:
    """The day of arrival, in a landing where some exchanges are late."""
    return DAYS[1] if is_late(row) else date.fromisoformat(str(row["requested_at"])[:10])


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines, compressed if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode())


def write_landing(
    root: Path,
    *,
    files: int = 1,
    order: Random | None = None,
    fields: tuple[str, ...] | None = None,
    with_accounts: bool = True,
) -> Path:
    """Write the landing, split into so many files a day, in the order given or shuffled, with all fields or some."""
    rows = list(exchanges())
    if order is not None:
        order.shuffle(rows)
    kept = [{k: v for k, v in row.items() if fields is None or k in fields} for row in rows]
    for day in DAYS:
        arrived = [k for row, k in zip(rows, kept, strict=True) if arrival(row) == day]
        for part in range(files):
            write_lines(root / "exchanges" / f"dt={day}" / f"part-{part}.jsonl.gz", arrived[part::files])
    if with_accounts:
        write_lines(root / "accounts.jsonl", accounts())
        write_lines(root / "models.jsonl", [{"model": "atlas-3", "released_at": "2025-11-01T00:00:00Z"}])
    return root
