"""The formats of logs that can be read: how lines become records, and how a record becomes the landing's fields."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from pyspark.sql import DataFrame

from iolaus.adapters import (
    anthropic_batch,
    azure,
    bedrock,
    described,
    documents,
    envelopes,
    litellm,
    mapping,
    openai_batch,
    otlp,
    records,
)
from iolaus.adapters.casts import Record
from iolaus.adapters.operations import NO_TEXT_MODEL

NO_TIME = "no time of the request"
IMPOSSIBLE_TIME = "a time before the first API"
FAULTS = (
    envelopes.NOT_JSON, envelopes.NOT_AN_OBJECT, documents.UNREADABLE_FILE, documents.OTHER_FILE, envelopes.PACKED,
    records.NOT_AN_EXCHANGE, documents.STRANGE, NO_TIME, IMPOSSIBLE_TIME,
)  # fmt: skip


@dataclass(frozen=True)
class Format:
    """A format of logs: its name in words, how a record is read, and how lines become records.

    `read` takes fields out of the record it is given. Beside the landing's fields it may give `left`, what is left
    where that is not the record; `account_from` and `content_from`, the fields that named the account and held the
    prompt.
    """

    title: str
    read: Callable[[Record], Record | str]
    gather: Callable[[DataFrame], DataFrame] = records.plain
    own_skips: tuple[str, ...] = ()  # why a sound record of this format may be no exchange
    account_from: str | None = None  # the one field that the account comes from

    @cached_property
    def skips(self) -> tuple[str, ...]:
        """Why a sound record may be no exchange."""
        return (*self.own_skips, NO_TEXT_MODEL)


def of_mapping(title: str, said: mapping.Description) -> Format:
    """The format that a mapping describes."""
    return Format(title, partial(mapping.read, mapping=said), own_skips=(mapping.OTHER_RECORD,))


FORMATS: dict[str, Format] = {
    "otlp": Format(
        "OpenTelemetry spans and log events of model calls, as OTLP JSON",
        otlp.read,
        records.of_spans,
        (otlp.OTHER_SPAN, otlp.INNER_CALL),
    ),
    "litellm": Format(
        "LiteLLM's standard logging payload and spend logs", litellm.read, own_skips=(litellm.OTHER_CALL,)
    ),
    "bedrock": Format(
        "AWS Bedrock model invocation logs", bedrock.read, own_skips=(bedrock.NO_LOG,), account_from="identity.arn"
    ),
    "openai-batch": Format(
        "OpenAI-style batches",
        openai_batch.read,
        records.of_batches(openai_batch.parts),
        (openai_batch.OTHER_URL,),
        "safety_identifier or user of the request",
    ),
    "anthropic-batch": Format(
        "Anthropic-style message batches",
        anthropic_batch.read,
        records.of_batches(anthropic_batch.parts),
    ),
    "bedrock-batch": Format(
        "AWS Bedrock batch inference",
        bedrock.read_batch,
        records.of_batches(bedrock.parts),
        account_from="roleArn of the job",
    ),
    "azure-apim": Format(
        "Azure API Management's logs of language models", azure.read, records.of_groups(azure.parts), (azure.NO_CALL,)
    ),
    **{kind: of_mapping(title, said) for kind, (title, said) in described.FORMATS.items()},
}
