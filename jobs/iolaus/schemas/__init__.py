"""One module per table of the lake: its columns with their meaning, its key, how it is laid out."""
