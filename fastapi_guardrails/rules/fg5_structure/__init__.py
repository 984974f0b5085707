"""FG5 · Structure."""
