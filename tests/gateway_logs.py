"""A landing's exchanges as the logs that LiteLLM would have written of them, after its documentation.

As a program it makes logs of a whole landing, to try `iolaus adapt` on:

    .venv/bin/python -m tests.gateway_logs LANDING LOGS
"""

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.traffic import write_lines

Row = dict[str, Any]
# what the gateway of this example adds to its logs
ADDED = ("client_asn", "client_country", "tls_fingerprint", "access_path")
FIELDS = tuple(f"{name}=metadata.spend_logs_metadata.{name}" for name in ADDED)
OF_ACCOUNTS = ("created_at", "payment_fingerprint", "email_domain")
ACCOUNT_FIELDS = tuple(f"account.{name}=metadata.user_api_key_auth_metadata.{name}" for name in OF_ACCOUNTS)


def messages(row: Row) -> list[Row]:
    """What a client sends: instructions, what was said before, and the prompt with its images."""
    system = [{"role": "system", "content": row["system_instructions"]}] if row.get("system_instructions") else []
    said = [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "answer"}]
    images = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}] * (row.get("image_count") or 0)
    content = [{"type": "text", "text": row["prompt"]}, *images] if images else row["prompt"]
    return [*system, *said * (row.get("turn_index") or 0), {"role": "user", "content": content}]


def litellm(row: Row, account: Row) -> Row:
    """One standard logging payload."""
    begun = datetime.fromisoformat(row["requested_at"]).timestamp()
    failed = row.get("http_status", 200) >= 400
    usage = {
        "prompt_tokens": row.get("usage_input_tokens"),
        "completion_tokens": row.get("usage_output_tokens"),
        "prompt_tokens_details": {"cached_tokens": row.get("usage_cache_read_tokens")},
        "completion_tokens_details": {"reasoning_tokens": row.get("usage_reasoning_tokens")},
    }
    called = [
        {"id": f"call_{n}", "function": {"name": "f", "arguments": "{}"}}
        for n in range(row.get("tool_call_count") or 0)
    ]
    reasons = row.get("finish_reasons") or ["stop"]
    choices = [
        {
            "index": 0,
            "finish_reason": reasons[0],
            "message": {"role": "assistant", "content": "answer", "tool_calls": called or None},
        }
    ]
    answer = {
        "id": "chatcmpl-1",
        "model": row.get("response_model") or row["request_model"],
        "choices": choices,
        "usage": usage,
    }
    return {
        "id": f"chatcmpl-{row['exchange_id']}",
        "litellm_call_id": row["exchange_id"],
        "trace_id": row.get("conversation_id"),
        "session_id": "",
        "call_type": "acompletion",
        "status": "failure" if failed else "success",
        "stream": row.get("request_stream"),
        "startTime": begun,
        "endTime": begun + 2,
        "response_cost": 0.01,
        "model": "provider/" + row["request_model"],
        "model_group": row["request_model"],
        "custom_llm_provider": "provider",
        "prompt_tokens": 0 if failed else row.get("usage_input_tokens"),
        "completion_tokens": 0 if failed else row.get("usage_output_tokens"),
        "metadata": {
            "user_api_key_hash": row.get("api_key_id"),
            "user_api_key_user_id": row["account_id"],
            "requester_ip_address": row.get("client_ip"),
            "user_agent": row.get("user_agent"),
            "spend_logs_metadata": {name: row.get(name) for name in ADDED},
            "user_api_key_auth_metadata": {name: account.get(name) for name in OF_ACCOUNTS},
            "requester_metadata": None,
        },
        "messages": messages(row),
        "response": {} if failed else answer,
        "error_information": {"error_code": str(row["http_status"]) if failed else ""},
        "model_parameters": {
            "thinking": {"type": "enabled" if row.get("request_thinking") else "disabled"},
            "temperature": row.get("request_temperature"),
            "max_tokens": row.get("request_max_tokens"),
            "tools": [{"type": "function", "function": {"name": name}} for name in row.get("tool_names") or ()],
        },
    }


def write_litellm(folder: Path, rows: Iterable[Row], known: Iterable[Row]) -> None:
    """Write logs of exchanges: one file of JSON lines a day.

    Every tenth line is an array of one, as a callback may send it.
    """
    about = {a["account_id"]: a for a in known}
    days: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        made = litellm(row, about.get(row["account_id"], {}))
        days.setdefault(row["requested_at"][:10], []).append(made if number % 10 else [made])
    for day, lines in days.items():
        write_lines(folder / f"{day}.json.gz", lines)


def read_lines(folder: Path) -> Iterator[Row]:
    """The objects of all JSON lines below a folder."""
    for file in sorted(folder.rglob("*.jsonl.gz")):
        yield from map(json.loads, gzip.decompress(file.read_bytes()).splitlines())


if __name__ == "__main__":
    landing, logs = map(Path, sys.argv[1:])
    write_litellm(logs, read_lines(landing / "exchanges"), read_lines(landing / "accounts"))
