"""OpenAI-style batches: the file of requests, the file of answers, and the batch object.

Sources: OpenAI, "Batch API" (https://platform.openai.com/docs/guides/batch), "The request input object" and "The
request output object" (https://platform.openai.com/docs/api-reference/batch/request-input and /request-output).
"""

from collections.abc import Iterator

from iolaus.adapters import bodies
from iolaus.adapters.casts import Record, anything, instant, text
from iolaus.adapters.fields import find, take
from iolaus.adapters.statuses import status

OTHER_URL = "a request that generates no text"
_URLS = ("chat/completions", "completions", "responses")


def parts(line: Record) -> Iterator[tuple[str, str | None, Record]]:
    """What a line gives: its part (`request`, `result` or `batch`), the exchange's custom_id, and the object."""
    if line.get("object") == "batch":
        yield "batch", None, line
        return
    custom = text(line.get("custom_id"))
    if isinstance(line.get("body"), dict):
        yield "request", custom, {k: v for k, v in line.items() if k not in ("response", "error")}
    if "response" in line or "error" in line:
        yield "result", custom, {k: v for k, v in line.items() if k in ("id", "custom_id", "response", "error")}


def read(record: Record) -> Record | str:
    """The landing's fields of one exchange: `request`, `result` and `batch`, each where it is there; or why it is none.

    A batch does not name its owner: name the account by the folder (`account=ID`) or a field. What the client says of
    its user (`safety_identifier`, `user`) is none: a client could put its traffic on somebody else's account. The time
    is that of the batch, else of the answer.
    """
    url = find(record, "request.url") or find(record, "batch.endpoint")
    if isinstance(url, str) and not url.rstrip("/").endswith(_URLS):
        return OTHER_URL
    asked, said = take(record, anything, "request.body"), take(record, anything, "result.response.body")
    sent = bodies.request(asked) if isinstance(asked, dict) else {}
    batch, custom = find(record, "batch.id"), take(record, text, "request.custom_id", "result.custom_id")
    created = find(said, "created") or find(said, "created_at")
    own = take(record, text, "result.id", "result.response.request_id")
    answer = bodies.answer(said)
    return {
        **sent,
        **answer,
        "exchange_id": f"{batch}-{custom}" if batch and custom else own,
        "requested_at": take(record, instant, "batch.created_at") or instant(created),
        "request_model": sent.get("request_model") or answer.get("response_model"),
        "operation_name": "chat"
        if not (isinstance(url, str) and url.endswith("/v1/completions"))
        else "text_completion",
        "request_batch": True,
        "http_status": status(*(find(record, f"result.{path}") for path in ("response.status_code", "error.code"))),
        "left": {**record, "request_body": asked, "response_body": said, "custom_id": custom},
    }
