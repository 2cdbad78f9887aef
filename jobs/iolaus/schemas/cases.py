"""The columns of `verdicts.cases`, in Delta's names of types: `iolaus case` makes the table without Spark."""

NEW, ASSIGNED, DECIDED, APPEALED, CLOSED = STATES = ("new", "assigned", "decided", "appealed", "closed")
OPEN = (NEW, ASSIGNED, APPEALED)  # what somebody has yet to do something about

# name, type, meaning, whether it is required
COLUMNS: tuple[tuple[str, str, str, bool], ...] = (
    ("step_id", "string", "UUID of the step", True),
    ("taken_at", "timestamp", "when it was taken", True),
    ("taken_by", "string", "who took it", True),
    ("cluster_id", "string", "cluster that the case is about", True),
    ("run_date", "date", "date of the run whose result was looked at", True),
    ("state", "string", "new, assigned, decided, appealed or closed; null: as it was", False),
    ("owner", "string", "who has the case; null: as it was", False),
    ("due_on", "date", "when something is due; null: as it was", False),
    ("note", "string", "what whoever reads it later must know", False),
    (
        "snapshot",
        "string",
        "of a step to decided, appealed or closed: the evidence as it was then, as JSON; it names no account",
        False,
    ),
)
GRAIN = "one row a step of a case: its state, owner, due date or a note; rows are added and never changed"
