"""Pure transforms of the scoring layer: one module per table."""
