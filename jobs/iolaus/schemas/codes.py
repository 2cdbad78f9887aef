"""The stored numbers of channels in sketches, for readers without Spark too."""

AFFIX_WORDS: tuple[int, ...] = (4, 8, 16)  # lengths of the heads and tails of prompts by which wrappers are found
AFFIX_COLUMNS: tuple[str, ...] = tuple(f"{side}{k}_hash" for side in ("head", "tail") for k in AFFIX_WORDS)

# Channels of traits: what an exchange was sent from, and how. The number is stored; never reuse one.
TRAIT_CHANNELS: dict[str, int] = {
    "address": 1,
    "block": 2,
    "asn": 3,
    "device": 4,
    "country": 5,
    "path": 6,
    "system": 7,
    "tools": 8,
    "limit": 9,
}
# Channels of phrases, numbered on from those. The number is stored; never reuse one.
PHRASE_CHANNELS: dict[str, int] = {"prompt_hash": 20, "template_hash": 21, **{name: 22 + i for i, name in enumerate(AFFIX_COLUMNS)}}
