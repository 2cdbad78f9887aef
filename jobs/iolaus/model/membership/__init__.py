"""Which group an account belongs to, judged by profile."""
