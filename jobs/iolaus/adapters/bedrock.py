"""AWS Bedrock: model invocation logs, one JSON object a call (S3 or CloudWatch Logs), and batch inference.

Sources: AWS, "Monitor model invocation using CloudWatch Logs and Amazon S3"
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html); "Format and upload your batch
inference data" (https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html) and
"GetModelInvocationJob" (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelInvocationJob.html); bodies
are those of Converse and InvokeModel: see `iolaus.adapters.bodies`.
"""

from collections.abc import Iterator
from typing import Any

from iolaus.adapters import bodies
from iolaus.adapters.casts import Record, anything, count, instant, structure, text
from iolaus.adapters.fields import find, take
from iolaus.adapters.statuses import status

NO_LOG = "not a model invocation log"


def read(record: Record) -> Record | str:
    """The landing's fields of one log entry, taken out of it; or why it is no exchange.

    The account is the caller's ARN: of a role that serves many customers, name the field of `requestMetadata` that
    tells them apart. A body of over 100 KB lies in a file of its own, which is not followed: its prompt is missing.
    """
    if take(record, text, "schemaType") not in (None, "ModelInvocationLog") or "modelId" not in record:
        return NO_LOG
    model = take(record, text, "modelId") or ""
    asked, said = (_body(take(record, anything, f"{side}.{side}BodyJson")) for side in ("input", "output"))
    sent = bodies.request(asked) if isinstance(asked, dict) else {}
    answer = bodies.answer(said["prompt"] if isinstance(said, dict) and said.keys() == {"prompt"} else said)
    operation = take(record, text, "operation") or ""
    read_, fresh = (take(record, count, f"input.{name}") for name in ("cacheReadInputTokenCount", "inputTokenCount"))
    written = take(record, count, "input.cacheWriteInputTokenCount")
    code = take(record, text, "errorCode")
    made = {
        **sent,
        **answer,
        "exchange_id": take(record, text, "requestId"),
        "account_id": take(record, text, "identity.arn"),
        "requested_at": take(record, instant, "timestamp"),
        "request_model": model,
        "operation_name": "chat" if operation.startswith("Converse") or "turn_index" in sent else "text_completion",
        "provider_name": "aws.bedrock",
        "request_stream": operation.endswith("Stream") if operation else None,
        "usage_cache_read_tokens": answer.get("usage_cache_read_tokens") if read_ is None else read_,
        "http_status": status(code) if code else 200,
    }
    if answer.get("usage_input_tokens") is None and fresh is not None:
        made["usage_input_tokens"] = fresh + (read_ or 0) + (written or 0)
    if answer.get("usage_output_tokens") is None:
        made["usage_output_tokens"] = take(record, count, "output.outputTokenCount")
    return made | {
        "left": {
            **record,
            "errorCode": code,
            "inputBody": asked,
            "outputBody": said if isinstance(said, dict) else None,
        }
    }


def parts(line: Record) -> Iterator[tuple[str, str | None, Record]]:
    """What a line of batch inference gives: `request` and `result` by its recordId, or the job as `batch`."""
    if "jobArn" in line:
        yield "batch", None, {**line, "id": line["jobArn"]}
    elif "modelInput" in line:
        yield "request", text(line.get("recordId")), {k: line[k] for k in ("recordId", "modelInput")}
        yield (
            "result",
            text(line.get("recordId")),
            {k: v for k, v in line.items() if k not in ("recordId", "modelInput")},
        )


def read_batch(record: Record) -> Record | str:
    """The landing's fields of one record of a batch.

    Time, model and account (the role) come from the job's description.
    """
    asked, said = take(record, anything, "request.modelInput"), take(record, anything, "result.modelOutput")
    sent = bodies.request(asked) if isinstance(asked, dict) else {}
    job, own = find(record, "batch.jobArn"), take(record, text, "request.recordId")
    error = find(record, "result.error")
    return {
        **sent,
        **bodies.answer(said),
        "exchange_id": f"{job}-{own}" if job and own else None,
        "account_id": take(record, text, "batch.roleArn"),
        "requested_at": take(record, instant, "batch.submitTime"),
        "request_model": take(record, text, "batch.modelId"),
        "operation_name": "chat" if "turn_index" in sent else "text_completion",
        "provider_name": "aws.bedrock",
        "request_batch": True,
        "http_status": status(find(error, "errorCode")) if error else 200 if said else None,
        "left": {**record, "modelInput": asked, "modelOutput": said if isinstance(said, dict) else None},
    }


def _body(body: Any) -> Any:
    """A body, also where it was logged as text."""
    found = structure(body)
    return {"prompt": found} if isinstance(found, str) else found
