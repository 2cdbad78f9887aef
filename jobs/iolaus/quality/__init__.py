"""Pure transforms of the quality layer: one module per table."""
