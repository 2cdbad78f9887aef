"""Dialects of telemetry, read through one table.

The attributes of each are as its own software wrote them for one call.
"""

import json
from typing import Any

import pytest

from iolaus.adapters import attributes
from tests.gateway_cases import Row, any_value, landed, seen, span

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Weather?"},
]
PARTS = [{"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]} for m in TALK]
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}
ASKED = {"model": "gpt-x", "temperature": 0.5, "max_tokens": 9, "top_p": 0.9}
EXPECTED = {
    "prompt": "Weather?",
    "turn_index": 1,
    "prior_response": "Hello.",
    "system_instructions": "Be brief.",
    "response": "It rains.",
    "request_model": "gpt-x",
    "usage_input_tokens": 11,
    "usage_output_tokens": 4,
    "finish_reasons": ["stop"],
}


def flat(prefix: str, messages: list[Row], *, inner: str = "") -> Row:
    return {
        f"{prefix}.{n}.{inner}{name}": value for n, message in enumerate(messages) for name, value in message.items()
    }


OF_TODAY = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 4,
    "gen_ai.response.finish_reasons": ["stop"],
    "user.id": "acc-1",
}
DIALECTS: dict[str, Row] = {
    "conventions of today": OF_TODAY
    | {
        "gen_ai.system_instructions": json.dumps(PARTS[0]["parts"]),
        "gen_ai.input.messages": json.dumps(PARTS[1:]),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": [{"type": "text", "content": "It rains."}]}]
        ),
    },
    "OpenLLMetry, indexed": OF_TODAY
    | flat("gen_ai.prompt", TALK)
    | flat("gen_ai.completion", [{"role": "assistant", "content": "It rains."}]),
    "OpenInference": {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-x",
        "llm.token_count.prompt": 11,
        "llm.token_count.completion": 4,
        "llm.finish_reason": "stop",
        "user.id": "acc-1",
        "llm.invocation_parameters": json.dumps(ASKED),
        "llm.tools.0.tool.json_schema": json.dumps(TOOL),
        **flat("llm.input_messages", TALK[:3], inner="message."),
        "llm.input_messages.3.message.role": "user",
        "llm.input_messages.3.message.contents.0.message_content.type": "text",
        "llm.input_messages.3.message.contents.0.message_content.text": "Weather?",
        **flat("llm.output_messages", [{"role": "assistant", "content": "It rains."}], inner="message."),
    },
    "Vercel AI SDK": {
        "ai.operationId": "ai.streamText.doStream",
        "ai.model.id": "gpt-x",
        "ai.prompt.messages": json.dumps(TALK),
        "ai.response.text": "It rains.",
        "ai.response.finishReason": "stop",
        "ai.usage.promptTokens": 11,
        "ai.usage.completionTokens": 4,
        "ai.telemetry.metadata.userId": "acc-1",
    },
    "Langfuse": {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "gpt-x",
        "langfuse.observation.input": json.dumps(TALK),
        "langfuse.observation.output": json.dumps({"role": "assistant", "content": "It rains."}),
        "langfuse.user.id": "acc-1",
        "langfuse.observation.model.parameters": json.dumps(ASKED),
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.response.finish_reasons": ["stop"],
    },
    "Traceloop's entities": OF_TODAY
    | {
        "traceloop.entity.input": json.dumps({"args": [], "kwargs": {"messages": TALK}}),
        "traceloop.entity.output": json.dumps("It rains."),
    },
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_is_read_through_the_table(dialect: str):
    (row,) = landed("otlp", span(DIALECTS[dialect]))
    assert {name: row.get(name) for name in EXPECTED} == EXPECTED
    assert row["account_id"] == "acc-1"
    if "parameters" in json.dumps(DIALECTS[dialect]) and "invocation" in json.dumps(DIALECTS[dialect]):
        assert seen(row, "request_temperature", "request_max_tokens", "request_top_p", "tool_names") == (
            0.5,
            9,
            0.9,
            ["look"],
        )
    assert "Weather?" not in json.dumps(row["otlp"]), "what was read is not kept a second time"


def log(name: str, body: Any, attribute: Row | None = None, **more: Any) -> Row:
    listed = [{"key": key, "value": any_value(value)} for key, value in (attribute or {}).items()]
    record = {"traceId": "t1", "spanId": "s1", "eventName": name, "body": any_value(body), "attributes": listed} | more
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def test_content_in_log_events_is_joined_to_its_span():
    """The events of version 1.36, with the role in the event's name.

    The official instrumentations write them by default.
    """
    events = [log(f"gen_ai.{m['role']}.message", {"content": m["content"]}) for m in TALK]
    choice = log(
        "gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "It rains."}}
    )
    (row,) = landed_together(span(OF_TODAY), *events, choice)
    assert {name: row.get(name) for name in EXPECTED} == EXPECTED
    assert "Weather?" not in json.dumps(row["otlp"])


def test_the_details_of_an_operation_are_attributes_of_its_span():
    held = {
        "gen_ai.input.messages": json.dumps(PARTS),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": [{"type": "text", "content": "It rains."}], "finish_reason": "stop"}]
        ),
    }
    (row,) = landed_together(span(OF_TODAY), log("gen_ai.client.inference.operation.details", "", held))
    assert {name: row.get(name) for name in EXPECTED} == EXPECTED


def landed_together(first: Row, *more: Row) -> list[Row]:
    merged = {**first, "resourceLogs": [group for export in more for group in export["resourceLogs"]]}
    return landed("otlp", merged)


@pytest.mark.parametrize(
    "events",
    [
        [
            (
                "gen_ai.content.prompt",
                {"gen_ai.prompt": "system: Be brief.\nuser: Hi\nassistant: Hello.\nuser: Weather?"},
            ),
            ("gen_ai.content.completion", {"gen_ai.completion": "It rains."}),
        ],  # OpenLIT
        [
            ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(TALK)}),
            (
                "gen_ai.content.completion",
                {"gen_ai.completion": json.dumps([{"role": "assistant", "content": "It rains."}])},
            ),
        ],
        [
            *((f"gen_ai.{m['role']}.message", {"gen_ai.event.content": json.dumps(m)}) for m in TALK),
            (
                "gen_ai.choice",
                {
                    "gen_ai.event.content": json.dumps(
                        {"index": 0, "message": {"role": "assistant", "content": "It rains."}}
                    )
                },
            ),
        ],
    ],
    ids=["OpenLIT", "JSON", "Semantic Kernel"],
)
def test_content_in_events_of_a_span(events: list[tuple[str, Row]]):
    listed = [
        {"name": name, "attributes": [{"key": k, "value": any_value(v)} for k, v in held.items()]}
        for name, held in events
    ]
    (row,) = landed("otlp", span(OF_TODAY, events=listed))
    assert {name: row.get(name) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("name", [n for n in attributes.ACCOUNT if not n.endswith(("hash",))])
def test_the_account_is_what_the_table_says(name: str):
    (row,) = landed("otlp", span({"gen_ai.request.model": "m", name: "acc-7"}))
    assert row["account_id"] == "acc-7"


def test_the_account_of_a_resource():
    export = span({"gen_ai.request.model": "m"})
    export["resourceSpans"][0]["resource"]["attributes"] = [{"key": "enduser.id", "value": {"stringValue": "acc-8"}}]
    assert landed("otlp", export)[0]["account_id"] == "acc-8"


def test_images_and_calls_of_openinference():
    held = DIALECTS["OpenInference"] | {
        "llm.input_messages.3.message.contents.1.message_content.type": "image",
        "llm.input_messages.3.message.contents.1.message_content.image.image.url": "data:image/png;base64,QQ==",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look",
    }
    (row,) = landed("otlp", span(held))
    assert seen(row, "prompt", "image_count", "tool_call_count") == ("Weather?", 1, 1)


MODEL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
ASKED = json.dumps([{"role": "user", "content": "Hi"}])
ANSWERED = json.dumps({"choices": [{"message": {"role": "assistant", "content": "Hello."}}]})


@pytest.mark.parametrize(
    "held",
    [
        {"gen_ai.content.prompt": "system: Be kind.\nuser: Hi", "gen_ai.content.completion": "Hello."},
        {"gen_ai.prompt.0.user": "Hi", "gen_ai.completion.0.content": "Hello."},
        {
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "Hi"}]',
            "gen_ai.completion.0.content": "Hello.",
        },
        {"llm.prompts.0.content": "Hi", "llm.completions.0.content": "Hello."},
        {"llm.prompts.0.prompt.text": "Hi", "llm.choices.0.completion.text": "Hello."},
        {"llm.input_messages": [{"message.role": "user", "message.content": "Hi"}], "output.value": "Hello."},
        {"langfuse.observation.input": '"Hi"', "langfuse.observation.output": '"Hello."'},
        {"gen_ai.input.messages": json.dumps(ASKED), "gen_ai.output.messages": '"Hello."'},
        {"gen_ai.request.messages": ASKED, "gen_ai.response.text": "Hello."},
        {
            "request_data": json.dumps({"messages": json.loads(ASKED)}),
            "response_data": json.dumps({"message": {"content": "Hello."}}),
        },
        {"mlflow.spanInputs": json.dumps({"messages": json.loads(ASKED)}), "mlflow.spanOutputs": ANSWERED},
        {
            "events": json.dumps(
                [
                    {"event.name": "gen_ai.user.message", "role": "user", "content": "Hi"},
                    {"event.name": "gen_ai.choice", "message": {"role": "assistant", "content": "Hello."}},
                ]
            )
        },
    ],
)
def test_other_names_for_what_was_asked_and_answered(held: dict[str, Any]):
    (row,) = landed("otlp", span(MODEL | held))
    assert (row.get("prompt"), row.get("response")) == ("Hi", "Hello.")


@pytest.mark.parametrize(
    "held",
    [
        {"langsmith.metadata.user_id": "u-5"},
        {"metadata": json.dumps({"user_id": "u-5"})},
        {"langfuse.trace.metadata": json.dumps({"customerId": "u-5"})},
        {"ai.telemetry.metadata.user": "u-5"},
        {"traceloop.association.properties.customer_id": "u-5"},
        {"user_id": "u-5"},
        {"user.id": "anonymous", "gen_ai.request.user": "u-5"},
    ],
)
def test_other_names_for_the_account(held: dict[str, Any]):
    (row,) = landed("otlp", span({**MODEL, "gen_ai.input.messages": ASKED, **held}))
    assert row["account_id"] == "u-5"


def test_usage_that_is_json_text_is_opened():
    held = {"langfuse.observation.usage_details": json.dumps({"input": 4, "output": 6})}
    (row,) = landed("otlp", span({**MODEL, "gen_ai.input.messages": ASKED, **held}))
    assert (row["usage_input_tokens"], row["usage_output_tokens"]) == (4, 6)
