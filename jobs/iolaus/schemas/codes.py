"""Stored numbers of channels in sketches, and words of `quality.runs`, for readers without Spark too."""

AFFIX_WORDS: tuple[int, ...] = (4, 8, 16)  # lengths of the heads and tails of prompts by which templates are found
AFFIX_COLUMNS: tuple[str, ...] = tuple(f"{side}{k}_hash" for side in ("head", "tail") for k in AFFIX_WORDS)

# Channels of text fragments. The number is stored; never reuse one, nor one of `iolaus.model.signals`.
FRAGMENT_CHANNELS: dict[str, int] = {
    "prompt_hash": 20,
    "template_hash": 21,
    **{name: 22 + i for i, name in enumerate(AFFIX_COLUMNS)},
}

# Whether an innocent explanation fits a cluster.
FITS, DOES_NOT_FIT, UNKNOWN = "fits", "does_not_fit", "unknown"

# How a stage of a run ended; and a run date that was taken back.
WRITTEN, STOPPED, FAILED, DROPPED = "written", "stopped", "failed", "dropped"
AS_MEANT = (WRITTEN, DROPPED)
