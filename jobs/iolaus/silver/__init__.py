"""Pure transforms of the silver layer: one module a table."""
