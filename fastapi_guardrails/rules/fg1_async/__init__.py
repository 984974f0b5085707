"""FG1 · Async and typing."""
