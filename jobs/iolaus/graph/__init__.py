"""Pure transforms of the graph layer: one module a table."""
