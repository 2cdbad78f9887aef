"""One hand, or strangers alike: hypotheses weighed against each other on the same facts."""
