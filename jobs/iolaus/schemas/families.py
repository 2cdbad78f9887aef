"""The families of evidence, for readers without Spark too."""

# kinds of evidence that are independent of each other
FAMILIES: tuple[str, ...] = ("infrastructure", "content", "cohort", "timing")
