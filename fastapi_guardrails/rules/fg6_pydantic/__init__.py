"""FG6 · Pydantic."""
