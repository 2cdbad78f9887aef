"""Pure transforms of the features layer: one module a table."""
