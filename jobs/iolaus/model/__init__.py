"""The detector: signals, shared values, pair evidence, behaviour, explanations, membership."""
