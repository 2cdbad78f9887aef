"""The columns of `verdicts.given`, in Delta's names of types: `iolaus verdict` makes the table without Spark."""

CONFIRMED, INNOCENT, UNSURE = VERDICTS = ("confirmed", "innocent", "unsure")
# What is different now from what the analyst saw, said by a run and by a report, which knows later verdicts.
HAS_JOINED = "%s of its %s accounts are new"
HAS_LEFT = "%s of its former %s accounts have left"
OTHER_SCORE = "the score was %.1f and is now %.1f"
NEW_EVIDENCE = "new evidence: "
OTHER_EXCHANGES = "the window had %s exchanges and now has %s"
SCORE_STEP = 0.05  # bits: a smaller change of a score is not shown by one decimal

# name, type, meaning, whether it is required
COLUMNS: tuple[tuple[str, str, str, bool], ...] = (
    ("verdict_id", "string", "UUID of the verdict", True),
    ("given_at", "timestamp", "when it was given", True),
    ("known_from", "date", "first run date that respects it", True),
    ("given_by", "string", "analyst who answers for it", True),
    ("verdict", "string", "confirmed, innocent or unsure", True),
    ("why", "string", "the analyst's reason", True),
    ("cluster_id", "string", "cluster that was looked at", True),
    ("run_date", "date", "date of the run whose result was looked at", True),
    ("members", "array<string>", "accounts of the cluster in that run", True),
    ("named", "array<string>", "of them, those that the verdict is of; empty: it is of the whole cluster", True),
    ("score", "double", "score of the cluster in that run, bits", False),
    ("n_exchanges", "long", "exchanges of members in the window of that run", False),
    ("channels", "array<string>", "channels of evidence against the cluster in that run", True),
    (
        "shared_values",
        "array<string>",
        "values that two or more of those accounts had in that run, as channel:value_hash; null: not recorded",
        False,
    ),
)
GRAIN = "one row per verdict that an analyst gave; rows are added, and dropped with their accounts alone"
