"""The columns of `quality.alerts`, in Delta's names of types: `iolaus alert` makes the table without Spark."""

# name, type, meaning, whether it is required
COLUMNS: tuple[tuple[str, str, str, bool], ...] = (
    ("alert_id", "string", "what is told: the same id is told once", True),
    ("sent_at", "timestamp", "when it was sent", True),
    ("kind", "string", "new, grown, returned, stopped or overdue", True),
    ("run_date", "date", "run date that it is about", True),
    ("cluster_id", "string", "cluster that it is about; null for a day", False),
    ("text", "string", "what was said", True),
)
GRAIN = "one row an alert that was sent; rows are added and never changed"
