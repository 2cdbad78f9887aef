"""The Jaccard similarity join."""
