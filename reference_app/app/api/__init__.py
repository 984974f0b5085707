"""HTTP: routes, who may use them, and how errors look."""
