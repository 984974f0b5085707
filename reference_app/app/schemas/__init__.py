"""The shape of the API: what comes in is checked here, what goes out is chosen here."""
