"""The columns of sketches, which `features.account_days` and `features.account_profiles` share."""

import numpy as np
from pyspark.sql.types import StructField

from iolaus.schemas.codes import AFFIX_COLUMNS
from iolaus.schemas.table import BINARY, INT, LONG, STRING, TIMESTAMP, array_of, column, struct_of

SUM_COMMENTS: dict[str, str] = {
    "n_exchanges": "exchanges",
    "n_with_prompt": "exchanges whose prompt has words",
    "n_later_turns": "exchanges that are a second or later turn of a conversation",
    "n_thinking": "exchanges that ask for extended reasoning",
    "n_stream": "exchanges that ask for a stream",
    "n_zero_temperature": "exchanges at temperature 0",
    "n_images": "images sent",
    "n_with_tools": "exchanges that offer tools",
    "n_tool_calls": "tool calls in answers",
    "n_calling": "exchanges whose answer calls tools: what follows it is a tool's result",
    "n_errors": "exchanges with an HTTP status of 400 or more",
    "n_truncated": "answers that ended at the token limit",
    "prompt_words": "words of prompts",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "reasoning_tokens": "tokens of hidden reasoning",
}

# What the bytes of a sketch hold, one record after the other: `numpy.frombuffer(value, PROMPT)`.
ABSENT = 2**63 - 1  # stands for a hash that a prompt does not have
PROMPT_FIELDS: tuple[str, ...] = ("prompt_hash", "template_hash", *AFFIX_COLUMNS)
PROMPT = np.dtype([*((name, "<i8") for name in PROMPT_FIELDS), ("n", "<i4"), ("rank", "<f4")])
OPENING_TERMS = 32  # terms kept of an opening, those of least hash: so two openings are compared on the same vocabulary
OPENING_FIELDS: tuple[str, ...] = (
    "prompt_hash",
    "template_hash",
    "head4_hash",
    "head8_hash",
    "tail4_hash",
    "tail8_hash",
)
OPENING = np.dtype([
    ("conversation", "<i8"), *((name, "<i8") for name in OPENING_FIELDS), ("rank", "<f4"), ("terms", "<i2",
    (OPENING_TERMS,))
])  # fmt: skip
ATTRIBUTE = np.dtype([("channel", "i1"), ("value_hash", "<i8"), ("n", "<i4")])
TERM = np.dtype([("term", "<i2"), ("n", "<i4")])
MINIMUM = np.dtype("<i4")

ACTIVITY = struct_of(
    column("hour", INT, "hours since 1970-01-01T00 UTC"),
    column("model", STRING, "model that was asked for"),
    column("n", INT, "exchanges"),
)

SKETCH: tuple[StructField, ...] = (
    *(column(name, LONG, comment, required=True) for name, comment in SUM_COMMENTS.items()),
    column("first_at", TIMESTAMP, "first request", required=True),
    column("last_at", TIMESTAMP, "last request", required=True),
    column("output_histogram", array_of(INT), "exchanges by floor(log2(output tokens + 1)), 16 bins", required=True),
    column("capability_counts", array_of(INT), "exchanges by capability: iolaus.text.intents", required=True),
    column("activity", array_of(ACTIVITY), "exchanges by hour and model", required=True),
    column("slots", array_of(INT), "ten-minute slots since 1970 with any exchange, ascending", required=True),
    column(
        "attributes",
        BINARY,
        "what requests were sent from, and how; at most 128 values a channel, by a keyed hash; records of 13 bytes, "
        "little-endian: "
        "channel (int8: iolaus.model.signals), value_hash (int64: first 64 bits of a pseudonym, a hash, or a number), "
        "n (int32: exchanges with it)",
        required=True,
    ),
    column(
        "prompts",
        BINARY,
        "distinct prompts; at most 512, by least rank (iolaus.model.sampling: keyed, by words); records of 72 bytes, "
        "little-endian: eight int64 hashes, of the prompt, its template, its first 4, 8 and 16 words and its last 4, "
        "8 and 16 "
        "(2^63 - 1 where it has no more), n (int32: exchanges with it) and rank (float32)",
        required=True,
    ),
    column(
        "openings",
        BINARY,
        "first messages of conversations; at most 24 conversations, by least rank (iolaus.model.sampling); records "
        "of 124 bytes, "
        "little-endian: conversation (int64: hash of its id, or of the exchange's), six int64 hashes, of the prompt, "
        "its template, "
        "its first 4 and 8 words and its last 4 and 8 (2^63 - 1 where it has no more), rank (float32) and 32 terms "
        "(int16: 0 to "
        "8191, those of least hash; -1 for none)",
        required=True,
    ),
    column(
        "terms",
        BINARY,
        "hashed terms of prompts, ascending; records of 6 bytes, little-endian: term (int16: 0 to 8191), n (int32: "
        "exchanges with it)",
        required=True,
    ),
    column(
        "signature",
        BINARY,
        "MinHash of the shingles of all prompts: 32 minima, each four bytes, little-endian; null without words",
    ),
)
