"""A landing's exchanges as the logs that gateways would have written of them, after each format's documentation."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.traffic import accounts, exchanges, write_lines

Row = dict[str, Any]
LITELLM_FIELDS = {
    **{name: f"metadata.spend_logs_metadata.{name}" for name in ("client_asn", "client_country", "access_path")},
    **{f"account.{name}": f"metadata.user_api_key_auth_metadata.{name}" for name in ("created_at", "payment_fingerprint", "email_domain")},
}


def history(row: Row) -> list[Row]:
    """The messages that a client sends: what was said before, and the prompt."""
    said = [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "answer"}]
    return [*said * row["turn_index"], {"role": "user", "content": row["prompt"]}]


def seconds(row: Row) -> float:
    """The time of the request since 1970."""
    return datetime.fromisoformat(row["requested_at"]).timestamp()


def litellm(row: Row, account: Row) -> Row:
    """One standard logging payload."""
    return {
        "id": f"chatcmpl-{row['exchange_id']}",
        "litellm_call_id": row["exchange_id"],
        "trace_id": row["conversation_id"],
        "session_id": "",
        "call_type": "acompletion",
        "status": "success",
        "stream": None,
        "startTime": seconds(row),
        "endTime": seconds(row) + 2,
        "response_cost": 0.01,
        "model": "provider/" + row["request_model"],
        "model_group": row["request_model"],
        "custom_llm_provider": "provider",
        "prompt_tokens": row["usage_input_tokens"],
        "completion_tokens": row["usage_output_tokens"],
        "total_tokens": row["usage_input_tokens"] + row["usage_output_tokens"],
        "metadata": {
            "user_api_key_hash": "key-" + row["account_id"],
            "user_api_key_user_id": row["account_id"],
            "requester_ip_address": row["client_ip"],
            "user_agent": row["user_agent"],
            "spend_logs_metadata": {name: row[name] for name in ("client_asn", "client_country", "access_path")},
            "user_api_key_auth_metadata": {k: v for k, v in account.items() if k != "account_id"},
            "requester_metadata": None,
        },
        "messages": history(row),
        "response": {
            "id": "chatcmpl-1",
            "model": row["request_model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "answer"}}],
            "usage": {"prompt_tokens": row["usage_input_tokens"], "completion_tokens": row["usage_output_tokens"]},
        },
        "model_parameters": {"thinking": {"type": "enabled" if row["request_thinking"] else "disabled"}, "temperature": 0.5},
    }


def write_litellm(folder: Path, rows: Iterable[Row] | None = None, known: Iterable[Row] | None = None) -> Path:
    """Write logs of a landing's exchanges: one file of JSON lines a day, and every tenth line an array of one, as its callbacks may."""
    about = {a["account_id"]: a for a in known or accounts()}
    days: dict[str, list[Any]] = {}
    for number, row in enumerate(rows or exchanges()):
        made = litellm(row, about[row["account_id"]])
        days.setdefault(row["requested_at"][:10], []).append(made if number % 10 else [made])
    for day, made in days.items():
        write_lines(folder / f"{day}.json.gz", made)
    return folder


def read_lines(lines: Iterable[str]) -> Iterator[Row]:
    """Lines as objects."""
    return map(json.loads, lines)
