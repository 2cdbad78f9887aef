"""Pure transforms of the features layer: one module per table."""
