"""FG2 · API design."""
