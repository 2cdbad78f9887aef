"""Pure transforms of the pairs layer: one module per table."""
