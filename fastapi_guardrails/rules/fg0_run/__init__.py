"""FG0: rules about the run itself."""
