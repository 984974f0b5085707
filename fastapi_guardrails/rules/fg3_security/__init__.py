"""FG3 · Security."""
