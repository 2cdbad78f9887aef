"""One account sends the largest texts that are accepted, until the day is ten times the heap.

Memory of a task is bounded by a line, not by a day: each text is cut before rows are sorted, shuffled or written.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from iolaus.settings import DEFAULT
from tests.faults.conftest import Command
from tests.traffic import FIRST

HEAP_MEBIBYTES, TIMES = 600, 10
LARGEST = DEFAULT.ingestion.prompt_bytes


@pytest.mark.parametrize("field", ["prompt", "system_instructions"])
def test_the_largest_texts_of_one_account_fit_any_heap(
    field: str, tmp_path: Path, iolaus: Callable[..., Command]
) -> None:
    folder = tmp_path / "landing" / "exchanges" / f"dt={FIRST}"
    folder.mkdir(parents=True)
    text = ("an essay of many words, pasted whole; " * (LARGEST // 38 + 1))[: LARGEST - 100]
    number = HEAP_MEBIBYTES * TIMES * (1 << 20) // LARGEST
    with gzip.open(folder / "a.jsonl.gz", "wb", compresslevel=1) as file:
        for n in range(number):
            row = {"exchange_id": f"e{n}", "account_id": "a", "requested_at": f"{FIRST}T08:00:00Z"}
            row |= {"request_model": "m", "prompt": "p", field: f"{n} {text}"}
            file.write(json.dumps(row).encode() + b"\n")
    lake = tmp_path / "lake"
    memory = ("--memory", f"{HEAP_MEBIBYTES}m")
    for name in ("bronze.exchanges", "silver.exchanges"):
        landing = ("--landing", tmp_path / "landing") if name.startswith("bronze") else ()
        status, said = iolaus("job", name, "--date", FIRST, "--lake", lake, *landing, *memory).ends()
        assert status == 0, said
        made = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(columns=["exchange_id"])
        assert len(set(made["exchange_id"].to_pylist())) == number
