"""The cosine similarity join."""
