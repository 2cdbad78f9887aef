"""Pure transforms of the quality layer: one module a table."""
