"""FG8 · Database."""
