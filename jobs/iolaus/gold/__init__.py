"""Pure transforms of the gold layer: one module a table."""
