"""Every query of the app. Nothing here commits: the session dependency does."""
