"""How many exchanges a core adapts in a second: LiteLLM's payloads of 1 kB, beside reading the same lines alone.

    make bench-adapt    # or: python benchmarks/adapting.py [--lines N] [--json FILE]

It measures what a worker of `iolaus adapt` does in Python, from one Arrow batch to the next: reading each line, taking
the landing's fields, writing the row. Spark's share, reading files, moving batches and writing them compressed, comes
on top: some 60 us of processor time a line. Rates are of processor time, so that what else runs on the machine matters
little.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from iolaus.adapters.formats import FORMATS
from iolaus.adapters.landing import Choice, landed

_WORDS = (
    "a",
    "shipment",
    "left",
    "the",
    "harbour",
    "before",
    "dawn",
    "and",
    "clerk",
    "wrote",
    "its",
    "number",
    "in",
    "blue",
    "ledger",
)


def payload(number: int) -> dict[str, Any]:
    """One standard logging payload of about 1 kB: its fields as LiteLLM writes them."""
    said = " ".join(_WORDS[(number * 7 + i * i) % len(_WORDS)] for i in range(24))
    return {
        "id": f"chatcmpl-{number}", "litellm_call_id": f"call-{number}", "trace_id": f"trace-{number}",
        "call_type": "acompletion",
        "status": "success", "stream": False, "startTime": 1795302112.5 + number, "endTime": 1795302113.5 + number,
        "model": "gpt-x",
        "model_group": "fast", "custom_llm_provider": "openai", "prompt_tokens": 90, "completion_tokens": 20,
        "response_cost": 0.001,
        "metadata": {"user_api_key_hash": f"hash-{number % 997}", "user_api_key_user_id": f"user-{number % 997}",
        "user_agent": "sdk/1",
                     "requester_ip_address": f"203.0.{number % 113}.{number % 251}"},
        "messages": [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": said}],
        "response": {"id": f"chatcmpl-{number}", "model": "gpt-x-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message":
                     {"role": "assistant", "content": said[::-1]}}],
                     "usage": {"prompt_tokens": 90, "completion_tokens": 20,
                     "prompt_tokens_details": {"cached_tokens": 0}}},
        "model_parameters": {"temperature": 0.3, "max_tokens": 50}, "error_information": {"error_code": ""},
    }  # fmt: skip


def rate(work: Callable[[], object], lines: int, rounds: int = 10) -> float:
    """Lines a processor second, of the fastest of several rounds, without the collector of cycles, as in the worker."""
    spent = []
    gc.disable()
    for _ in range(rounds):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return lines / min(spent)


def main() -> None:
    """Measure, print a table, and write it as JSON if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    lines = [orjson.dumps(payload(number)) for number in range(given.lines)]
    none = pa.nulls(len(lines), pa.string())
    batch = pa.RecordBatch.from_arrays(
        [pa.array(lines, pa.binary()), pa.array(["a.jsonl"] * len(lines)), none],
        names=["record", "source_file", "reason"],
    )

    def adapt() -> None:
        made = list(landed([batch], FORMATS["litellm"], "litellm", Choice()))
        assert sum(part.num_rows for part in made) == len(lines)
        assert all(folder == "exchanges" for part in made for folder in part["folder"].to_pylist())

    def load() -> None:
        for line in lines:
            orjson.loads(line)

    adapted, loaded = rate(adapt, len(lines)), rate(load, len(lines))
    found = {
        "bytes_a_line": round(sum(map(len, lines)) / len(lines)),
        "adapted_a_core_second": round(adapted),
        "orjson_loads_a_core_second": round(loaded),
        "times_as_dear": round(loaded / adapted),
    }
    for name, value in found.items():
        print(f"{name:28} {value:>12,}")
    if given.json:
        given.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
