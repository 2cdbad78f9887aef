"""Pure transforms of the pairs layer: one module a table."""
