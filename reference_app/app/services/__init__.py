"""What the app does and when it refuses. Nothing here knows HTTP or SQL."""
