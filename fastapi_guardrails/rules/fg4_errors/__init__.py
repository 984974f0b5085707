"""FG4 · Error handling."""
