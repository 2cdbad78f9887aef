"""Pure transforms of the scoring layer: one module a table."""
