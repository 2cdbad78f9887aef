"""The landing contract: `docs/operators/landing.md`, made from the schemas. `make dictionary` writes it."""

from pathlib import Path

from pyspark.sql.types import ArrayType, StructField

from iolaus.model.signals import CHANNELS
from iolaus.schemas.landing import FIELDS
from iolaus.settings import DEFAULT

PAGE = Path(__file__).parents[3] / "docs" / "operators" / "landing.md"

_HEAD = """# The landing contract

The tables below are made from `jobs/iolaus/schemas/landing.py` by `make dictionary`; change a field there, not here.

The landing is a folder on a file system or an object store. Your gateways append to it and Iolaus reads it. Files are
JSON lines (`.jsonl` or `.jsonl.gz`) or Parquet with the same columns. Only `exchanges` is needed.

| path | one object per |
|---|---|
| `exchanges/dt=YYYY-MM-DD/*.jsonl.gz` | exchange; `dt` is the day of **arrival** |
| `accounts.jsonl` or `accounts/` | account; the newest snapshot wins |
| `models.jsonl` or `models/` | model and its release |
| `agreements.jsonl` or `agreements/` | customer who may do what looks like distillation |

An exchange looks like this:

```json
{{"exchange_id": "ex_1", "account_id": "acc_17", "requested_at": "2026-03-02T09:15:04Z", "request_model": "atlas-4",
 "prompt": "You are an expert data analyst…", "conversation_id": "conv_9", "turn_index": 0,
 "usage_output_tokens": 812, "client_ip": "203.0.113.7", "client_asn": 64500}}
```

## Rules

- **Late and repeated exchanges are fine.** An exchange may arrive days late or twice. It counts once, on the day of
  its request.
- **Times** are RFC 3339. A time before {year}, or more than {ahead} hours after the day of arrival, is impossible.
  Such a row is rejected.
- **A row is rejected** if it cannot be read, if a required field is missing or of the wrong type, or if its time is
  impossible.
- **A rejected row is never lost.** It goes, whole and with its reasons, to `quality.quarantine`, and stops nothing.
- **An optional field that cannot be read costs only itself.** Its value goes to `extra`, and is counted.
- **An unknown field is kept** in `extra`. Long texts, lists and unknown fields are cut to a bound.
- **An agreement holds only for verified accounts.** Deliver `verified_as`: a stated `org_id` exempts nobody.
- **An optional field may be missing for the whole platform.** The signals that need it stay silent; nothing fails.
  The table below names them.
- **Names** follow OpenTelemetry's GenAI conventions: `gen_ai.` is dropped and dots become underscores. In Parquet, the
  case of a column's name does not matter: `Account_ID` is `account_id`, unless both are there. In JSON it matters.
- **Parquet types** that Spark does not read, as times of day and UUIDs, are read as text. Such a file may have 128 MiB
  at most; a larger one is named in the quarantine.
- **A prompt** may have {megabytes} MiB at most. It may be empty, as when only images were sent.

## Which fields to deliver first

Without an optional field, these signals of shared values are silent, or know less where another field has them, too:

| field | signals |
|---|---|
"""


def page() -> str:
    """The whole page, in Markdown."""
    of = DEFAULT.ingestion
    head = _HEAD.format(year=of.earliest_year, ahead=of.clock_ahead_hours, megabytes=of.prompt_bytes >> 20)
    parts = [head + "\n".join(f"| `{name}` | {says} |" for name, says in _wanted()) + "\n"]
    for table, columns in FIELDS.items():
        rows = "\n".join(_row(column) for column in columns)
        parts.append(f"## {table}\n\n| field | type | required | meaning |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _wanted() -> list[tuple[str, str]]:
    """The fields of the landing that a shared value is read from, each with what accounts share by it."""
    fields = {
        "client_ip": ("address", "block"),
        "client_asn": ("asn",),
        "payment_fingerprint": ("card",),
        "email_domain": ("mail",),
        "user_agent": ("device",),
        "tls_fingerprint": ("device",),
        "header_digest": ("request",),
        "response": ("conversation",),
        "prior_response": ("conversation",),
        "http_status": ("conversation",),
        "system_instructions": ("system",),
        "tool_names": ("tools",),
    }
    said = {channel.name: channel.says for channel in CHANNELS}
    return [(name, "; ".join(f"`{c}`: accounts {said[c]}" for c in channels)) for name, channels in fields.items()]


def _row(column: StructField) -> str:
    kind = column.dataType
    name = f"list of {kind.elementType.simpleString()}" if isinstance(kind, ArrayType) else kind.simpleString()
    comment = column.metadata.get("comment", "").replace("|", "\\|")
    return f"| `{column.name}` | {name} | {'' if column.nullable else 'yes'} | {comment} |"
