"""What was asked and answered: text in whatever shape, and nothing else taken for it."""

import json
from typing import Any

import pytest

from iolaus.adapters import bodies, chat
from iolaus.text.markers import is_redaction_marker
from tests.gateway_cases import Row, invocation, landed, payload, seen, span

HELD = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


@pytest.mark.parametrize(
    "marker",
    [
        "redacted-by-litellm",
        "__REDACTED__",
        "[REDACTED]",
        "<REDACTED>",
        "[Filtered]",
        "[sensitive_data]",
        "[Scrubbed due to 'password']",
        "prompt redacted",
        "Content was removed for privacy reasons",
        "MASKED",
        "message not captured",
        "****",
        "xxxxx",
        "<PERSON>, <EMAIL_ADDRESS>",
        "{NAME}",
        "PLACEHOLDER1 PLACEHOLDER2",
        "null",
        "{}",
        "...",
        "[redacted: pii]",
        "Prompt logging is disabled",
        "[Content not available]",
        "<no content>",
        "message content is not recorded",
        '{"redacted": true}',
        '[{"role": "user", "content": "REDACTED"}]',
        "[deleted]",
        "(empty)",
        "%%REDACTED%%",
        "${redacted}",
        "This content has been redacted",
        "Redacted due to data policy",
        "[object Object]",
        "█████",
        "…",
        "REDACTED!",
    ],
)
def test_redaction_markers_are_no_prompts(marker: str):
    assert is_redaction_marker(marker)
    (row,) = landed(
        "litellm",
        payload(
            messages=[{"role": "user", "content": marker}], response={"choices": [{"message": {"content": marker}}]}
        ),
    )
    assert seen(row, "prompt", "turn_index", "response") == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "mask this face",
        "What was redacted in the report?",
        "hidden figures",
        "Write to <PERSON> that I am late",
        "yes",
        "7",
        "filtered water",
        "Is the content hidden?",
        "deleted files recovery",
        "Redact my name: John",
        "encrypted zip how to open",
        "no content in response, fix?",
        '{"a": 1}',
        "<div>",
        "[x]",
        "..-. ..- -.",
        "你好",
        "Please redact: " + "x" * 200,
        "no",
    ],
)
def test_texts_that_say_something_are_prompts(text: str):
    assert not is_redaction_marker(text)


@pytest.mark.parametrize("empty", ["{}", "[]", "", None, {}, []])
def test_an_empty_structure_is_no_prompt(empty: Any):
    row = {
        "request_id": "r-1",
        "call_type": "acompletion",
        "startTime": "2026-01-24 09:20:46",
        "model": "m",
        "messages": empty,
        "response": empty,
    }
    (found,) = landed("litellm", row | {"user": "u-3", "metadata": json.dumps({"user_api_key": "hash-3"})})
    assert seen(found, "exchange_id", "account_id", "api_key_id", "prompt", "response") == (
        "r-1",
        "u-3",
        "hash-3",
        None,
        None,
    )


def test_a_row_of_spend_logs_is_read_with_its_request():
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Is it far?"}], "temperature": 0.1})
    row = {
        "request_id": "r-2",
        "call_type": "acompletion",
        "startTime": "2026-01-24 09:20:46",
        "model": "m",
        "messages": "{}",
        "proxy_server_request": body,
        "response": json.dumps({"choices": [{"message": {"content": "No."}}]}),
        "metadata": "{}",
    }
    (found,) = landed("litellm", row)
    assert seen(found, "prompt", "response", "request_temperature") == ("Is it far?", "No.", 0.1)


@pytest.mark.parametrize(
    "cut",
    [
        '[{"role": "user", "parts": [{"type": "text", "content": "a long que',
        '[{"role": "system", "content": "Be br',
        '{"messages": [{"role": "user", "content": "a qu',
    ],
)
def test_messages_that_were_cut_are_no_prompt_and_are_kept(cut: str):
    (row,) = landed("otlp", span({**HELD, "gen_ai.input.messages": cut, "gen_ai.output.messages": cut}))
    assert seen(row, "prompt", "response") == (None, None)
    assert row["otlp"]["attributes"]["gen_ai.input.messages"] == cut


@pytest.mark.parametrize(
    "attribute", ["gen_ai.input.messages", "input.value", "langfuse.observation.input", "gen_ai.prompt"]
)
@pytest.mark.parametrize(
    "cut",
    [
        '[[{"lc": 1, "kwargs": {"cont',
        '{"temperature": 0.2, "messages": [',
        '["How deep is',
        '[{"id": "a", "role": "user"',
    ],
)
def test_whatever_breaks_off_is_no_prompt(attribute: str, cut: str):
    (row,) = landed("otlp", span({**HELD, attribute: cut}))
    assert row.get("prompt") is None
    whole = '[{"id": 1}] What is wrong with this list?'
    assert landed("otlp", span({**HELD, "input.value": whole}))[0]["prompt"] == whole


USER = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}
SAID = [
    [{"role": "assistant", "content": [{"type": "text", "text": "Hello."}, {"type": "tool_use", "name": "f"}]}],
    [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Hello."}, {"type": "tool_call", "name": "f"}],
            "finish_reason": "stop",
        }
    ],
    [{"role": "assistant", "content": "Hello.", "tool_calls": [{"id": "t"}]}],
    {"choices": [{"message": {"content": "Hello.", "tool_calls": [{"id": "t"}]}}]},
]


@pytest.mark.parametrize("output", SAID)
@pytest.mark.parametrize("text", [True, False])
def test_an_output_is_read_as_parts_and_as_content(output: Any, text: bool):
    (row,) = landed(
        "otlp",
        span(
            {**HELD, "gen_ai.input.messages": [USER], "gen_ai.output.messages": json.dumps(output) if text else output}
        ),
    )
    assert seen(row, "prompt", "response", "tool_call_count") == ("Hi", "Hello.", 1)


@pytest.mark.parametrize("output", ["Hello as text", "{not json", "7 is prime"])
def test_an_output_of_plain_text_is_the_answer(output: str):
    (row,) = landed("otlp", span({**HELD, "gen_ai.output.messages": output}))
    assert row["response"] == output


WRAPPED = [
    "Hi",
    [USER],
    [[USER]],
    {"messages": [USER]},
    {"kwargs": {"messages": [USER]}, "args": []},
    {"args": [{"input": "Hi"}]},
    json.dumps({"input": [USER]}),
    [json.dumps(USER)],
    [{"type": "human", "content": "Hi"}],
    [
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "HumanMessage"],
            "kwargs": {"content": "Hi", "type": "human"},
        }
    ],
    [{"role": "USER", "message": "Hi"}],
    {"contents": [{"parts": [{"text": "Hi"}]}]},
    ["Hi"],
]


@pytest.mark.parametrize("value", WRAPPED)
def test_wrapped_inputs_are_opened(value: Any):
    assert chat.request(chat.listed(value)).get("prompt") == "Hi"


def test_the_history_that_a_request_quotes():
    def said(role: str, content: Any) -> Row:
        return {"role": role, "content": content}

    talk = [
        said("user", "a"),
        said("assistant", "first answer"),
        said("user", "b"),
        said("assistant", [{"type": "tool_use", "name": "f"}]),
    ]
    result = said("user", [{"type": "tool_result", "content": "5"}])
    found = chat.request([*talk, result])
    assert seen(found, "prompt", "prior_response", "request_prefill", "turn_index") == ("b", "first answer", False, 1)
    begun = chat.request([*talk[:2], said("user", "c"), said("assistant", "The answer is")])
    assert seen(begun, "prompt", "prior_response", "request_prefill") == ("c", "first answer", True)


def test_a_prompt_that_says_little_comes_with_the_task_before_it():
    task = "Solve the exercise below and justify each step of the solution in full sentences."
    talk = [("user", task), ("assistant", "Shall I?"), ("user", "Well, please."), ("assistant", "Now?")]
    messages = [{"role": role, "content": said} for role, said in talk]
    found = chat.request([*messages, {"role": "user", "content": "Yes, go on."}])
    assert seen(found, "prompt", "prior_prompt", "turn_index") == ("Yes, go on.", task, 2)
    assert "prior_prompt" not in chat.request([*messages, {"role": "user", "content": task + " Also in French."}])
    assert "prior_prompt" not in chat.request([{"role": "user", "content": "Yes, go on."}])
    assert "prior_prompt" not in chat.request([*messages[2:], {"role": "user", "content": "Yes, go on."}])


@pytest.mark.parametrize(
    "content",
    [
        [{"guardContent": {"text": {"text": "Hi", "qualifiers": ["query"]}}}],
        [{"cachePoint": {"type": "default"}}, {"text": "Hi"}],
        [{"guardContent": {"text": {"text": "Hi"}}}, {"guardContent": {"image": {}}}],
    ],
)
def test_guarded_content_is_content(content: list[Row]):
    (row,) = landed(
        "bedrock", invocation({"messages": [{"role": "user", "content": content}]}, {}, operation="Converse")
    )
    assert row["prompt"] == "Hi"


SERVER_SENT = (
    'event: message_start\ndata: {"type": "message_start", "message": {"model": "c", "content": []}}\n\n'
    'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hello."}}\n\n'
    'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}\n\ndata: [DONE]\n'
)
FAMILIES: list[tuple[str, Any, Any]] = [  # what was asked, what was answered, as each family of models writes it
    (
        "nova",
        {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 9, "topP": 0.5}},
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "Hel"}, "contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": {"text": "lo."}}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 3}}},
        ],
    ),
    (
        "mistral",
        {"prompt": "Hi", "max_tokens": 9, "top_p": 0.5},
        {"outputs": [{"text": "Hello.", "stop_reason": "end_turn"}]},
    ),
    (
        "mistral stream",
        {"prompt": "Hi", "max_tokens": 9, "top_p": 0.5},
        [
            {"outputs": [{"text": "Hel", "stop_reason": None}]},
            {"outputs": [{"text": "lo.", "stop_reason": "end_turn"}]},
        ],
    ),
    (
        "cohere",
        {
            "message": "Hi",
            "chat_history": [{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}],
            "max_tokens": 9,
            "p": 0.5,
        },
        {"text": "Hello.", "finish_reason": "end_turn"},
    ),
    (
        "cohere stream",
        {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9, "p": 0.5},
        [
            {"type": "message-start"},
            {"type": "content-delta", "delta": {"message": {"content": {"text": "Hel"}}}},
            {"type": "content-delta", "delta": {"message": {"content": {"text": "lo."}}}},
            {"type": "message-end", "delta": {"finish_reason": "end_turn"}},
        ],
    ),
    (
        "gpt-oss",
        {"messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 9, "top_p": 0.5},
        [
            {"choices": [{"delta": {"role": "assistant", "content": "Hel"}}]},
            {"choices": [{"delta": {"content": "lo."}, "finish_reason": None}]},
            {"choices": [{"delta": {}, "finish_reason": "end_turn"}]},
        ],
    ),
    (
        "gemini",
        {
            "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
            "generationConfig": {"maxOutputTokens": 9, "topP": 0.5},
        },
        {
            "candidates": [
                {
                    "content": {"role": "model", "parts": [{"text": "a thought", "thought": True}, {"text": "Hello."}]},
                    "finishReason": "end_turn",
                }
            ],
            "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 3},
        },
    ),
    (
        "gemini stream",
        {"contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 9, "topP": 0.5}},
        [
            {"candidates": [{"content": {"parts": [{"text": "Hel"}]}}]},
            {"candidates": [{"content": {"parts": [{"text": "lo."}]}, "finishReason": "end_turn"}]},
        ],
    ),
    (
        "claude stream",
        {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9, "top_p": 0.5},
        SERVER_SENT,
    ),
    (
        "responses stream",
        {"input": "Hi", "max_output_tokens": 9, "top_p": 0.5},
        [
            {"type": "response.output_text.delta", "delta": "Hel"},
            {
                "type": "response.completed",
                "response": {"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}]},
            },
        ],
    ),
]


@pytest.mark.parametrize(("family", "asked", "said"), FAMILIES, ids=[name for name, _, _ in FAMILIES])
def test_bodies_of_the_families_of_models(family: str, asked: Any, said: Any):
    sent, answer = bodies.request(json.loads(json.dumps(asked))), bodies.answer(json.loads(json.dumps(said)))
    assert seen(sent, "prompt", "request_max_tokens", "request_top_p") == ("Hi", 9, 0.5)
    assert answer["response"] == "Hello."
    assert answer["finish_reasons"] == (None if family == "responses stream" else ["end_turn"])


def test_tools_that_a_stream_calls_are_counted_once():
    nova = [
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "t"}}, "contentBlockIndex": 1}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": "{}"}}, "contentBlockIndex": 1}},
    ]
    gpt = [
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "t"}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]},
    ]
    claude = [
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t"}},
        {"type": "content_block_stop", "index": 1},
    ]
    assert [bodies.answer(events)["tool_call_count"] for events in (nova, gpt, claude)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"message": "Hi"},
            [{"event_type": "text-generation", "text": "Hel"}, {"event_type": "text-generation", "text": "lo."}],
        ),
        (
            {"messages": [{"role": "user", "content": "Hi"}]},
            [{"type": "content-delta", "delta": {"message": {"content": {"text": piece}}}} for piece in ("Hel", "lo.")],
        ),
        (
            {"prompt": "Hi"},
            [{"message": {"content": "Hel"}, "done": False}, {"message": {"content": "lo."}, "done": True}],
        ),
        (
            {"inputs": "Hi"},
            [
                {"token": {"text": "Hel"}, "generated_text": None},
                {"token": {"text": "lo."}, "generated_text": "Hello."},
            ],
        ),
        ({"inputs": "Hi"}, [{"generated_text": "Hello."}]),
        ({"instances": [{"content": "Hi"}]}, {"predictions": [{"content": "Hello."}]}),
        (
            {"input": "Hi"},
            [
                {"type": "response.created", "response": {"output": []}},
                {"type": "response.output_text.delta", "delta": "Hello."},
            ],
        ),
        (
            {"input": {"messages": [{"role": "user", "content": "Hi"}]}},
            {"messages": [{"role": "assistant", "content": "Hello."}]},
        ),
        ({"prompt": "Hi"}, {"content": [{"citationsContent": {"content": [{"text": "Hello."}]}}]}),
        ({"prompt": "Hi"}, {"choices": [{"message": {"content": None, "refusal": "Hello."}}]}),
        ("Hi", "Hello."),
    ],
)
def test_other_servers_of_models_are_read(asked: Any, said: Any):
    (row,) = landed("bedrock", invocation(asked, said))
    assert seen(row, "prompt", "response") == ("Hi", "Hello.")


def test_parameters_of_requests():
    body = {
        "model": "m",
        "messages": [USER],
        "temperature": -1,
        "max_tokens": -1,
        "seed": -4,
        "n": 2,
        "logprobs": True,
        "stop": "END",
        "user": "u-1",
        "prompt_cache_key": "cache-1",
        "top_p": 0.2,
    }
    sent = bodies.request(body)
    assert seen(sent, "request_temperature", "request_max_tokens", "request_seed", "request_n") == (None, None, -4, 2)
    assert seen(sent, "request_logprobs", "request_stop", "client_session_id", "request_top_p") == (
        True,
        ["END"],
        "cache-1",
        0.2,
    )
    assert (
        bodies.request({"messages": [USER], "logprobs": 0, "metadata": {"user_id": "u-2"}})["client_session_id"]
        == "u-2"
    )
    gemini = bodies.parameters(
        {
            "generationConfig": {
                "thinkingConfig": {"thinkingBudget": 0},
                "stopSequences": ["a", "b"],
                "responseLogprobs": True,
            }
        }
    )
    assert seen(gemini, "request_thinking", "request_stop", "request_logprobs") == (False, ["a", "b"], True)
