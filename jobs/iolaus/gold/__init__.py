"""Pure transforms of the gold layer: one module per table."""
