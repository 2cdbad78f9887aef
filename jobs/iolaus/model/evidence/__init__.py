"""Evidence on clusters: a module a kind of evidence. Each piece is held against the baseline."""
