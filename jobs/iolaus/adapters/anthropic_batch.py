"""Anthropic-style message batches: the requests, the file of results, and the batch object.

Sources: Anthropic, "Create a Message Batch" (https://platform.claude.com/docs/en/api/creating-message-batches),
"Retrieve Message Batch results" (https://platform.claude.com/docs/en/api/retrieving-message-batch-results), "Retrieve a
Message Batch" (https://platform.claude.com/docs/en/api/retrieving-message-batches).
"""

from collections.abc import Iterator

from iolaus.adapters import bodies
from iolaus.adapters.casts import Record, anything, instant, text
from iolaus.adapters.fields import find, take
from iolaus.adapters.statuses import status


def parts(line: Record) -> Iterator[tuple[str, str | None, Record]]:
    """The part that a line gives (`request`, `result` or `batch`), the exchange's custom_id, and the object.

    The body of the call that made a batch holds all its requests in one line.
    """
    if line.get("type") == "message_batch":
        yield "batch", None, line
    requests = line["requests"] if isinstance(line.get("requests"), list) else [line]
    for one in requests:
        if isinstance(one, dict) and isinstance(one.get("params"), dict):
            yield "request", text(one.get("custom_id")), {k: v for k, v in one.items() if k != "result"}
    if isinstance(line.get("result"), dict):
        yield "result", text(line.get("custom_id")), {k: v for k, v in line.items() if k in ("custom_id", "result")}


def read(record: Record) -> Record | str:
    """The landing's fields of one exchange: `request`, `result` and `batch`, each where it is there.

    A batch does not name its owner: name the account by the folder (`account=ID`) or a field. What the client says of
    its user (`metadata.user_id`) is none: a client could put its traffic on somebody else's account. The time is that
    of the batch: an answer has none.
    """
    asked, said = take(record, anything, "request.params"), take(record, anything, "result.result.message")
    sent = bodies.request(asked) if isinstance(asked, dict) else {}
    batch, custom = find(record, "batch.id"), take(record, text, "request.custom_id", "result.custom_id")
    kind = take(record, text, "result.result.type")
    error = take(record, text, "result.result.error.error.type", "result.result.error.type")
    answer = bodies.answer(said)
    return {
        **sent,
        **answer,
        "exchange_id": f"{batch}-{custom}" if batch and custom else text(find(said, "id")),
        "requested_at": take(record, instant, "batch.created_at"),
        "request_model": sent.get("request_model") or answer.get("response_model"),
        "operation_name": "chat",
        "provider_name": "anthropic",
        "request_batch": True,
        "http_status": 200 if kind == "succeeded" else status(error),
        "left": {
            **record,
            "request_params": asked,
            "result_message": said,
            "custom_id": custom,
            "result_type": kind,
            "error_type": error,
        },
    }
