"""Pure transforms of the bronze layer: one module a table."""
