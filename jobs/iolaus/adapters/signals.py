"""Which fields each signal lives on: what a platform that does not log a field cannot see."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Signal:
    """A signal in words, the fields that keep it alive (any one suffices), and its parts.

    Parts are channels, behaviours and explanations.
    """

    says: str
    fields: tuple[str, ...]
    parts: tuple[str, ...]


# A field of an account is written `accounts.NAME`, one of a model `models.NAME`.
SIGNALS: tuple[Signal, ...] = (
    Signal("what accounts say: prompts, templates, subjects, and what they are after", ("prompt",), (
        "template", "prompt", "head4", "head8", "head16", "tail4", "tail8", "tail16", "content", "task_sharing",
        "asks_reasoning", "asks_grading", "asks_coding", "asks_tools", "asks_analysis", "asks_rewriting",
    )),
    Signal("the same system prompt", ("system_instructions",), ("system",)),
    Signal("the same set of tools", ("tool_names",), ("tools",)),
    Signal("images sent", ("image_count",), ("asks_vision",)),
    Signal("the same minutes, and activity around the clock", ("requested_at",), ("synchrony", "round_the_clock")),
    Signal("the same address and its block", ("client_ip", "accounts.signup_ip"), ("address", "block")),
    Signal("the same network operator", ("client_asn", "accounts.signup_asn"), ("asn",)),
    Signal("the same unusual client program", ("user_agent", "tls_fingerprint"), ("device",)),
    Signal("requests with the same unusual parameters", (
        "request_temperature", "request_top_p", "request_max_tokens", "request_stop", "header_digest",
    ), ("request",)),
    Signal("conversations that go from account to account", ("response", "prior_response"), ("conversation",)),
    Signal("turns: programs told from people, and people cleared of "
           "suspicion", ("turn_index",), ("one_shot", "people")),
    Signal("long answers", ("usage_output_tokens",), ("long_outputs",)),
    Signal("extended reasoning asked for", ("request_thinking",), ("thinking",)),
    Signal(
        "unsupported regions", ("client_country", "accounts.billing_country", "accounts.phone_country"),
        ("unsupported_region",)
    ),
    Signal("the same card", ("accounts.payment_fingerprint",), ("card",)),
    Signal("the same unusual mail domain", ("accounts.email_domain",), ("mail",)),
    Signal("accounts made together, and used at once", ("accounts.created_at",), ("cohort", "young")),
    Signal("traffic beyond the plan", ("accounts.plan",), ("heavy_for_plan",)),
    Signal("successors of banned accounts", ("accounts.banned_at",), ("succession",)),
    Signal("one owner behind several accounts, and agreements", ("accounts.org_id",), ("one_owner", "agreement")),
    Signal("moves to a new model", ("models.released_at",), ("release_adoption",)),
)  # fmt: skip


def shares(signal: Signal, present: Mapping[str, float]) -> float:
    """The largest share (0 to 1) of rows that have one of a signal's fields: 0 is silence."""
    return max(present.get(name, 0.0) for name in signal.fields)
