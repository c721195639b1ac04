"""The public events: each recorded one is held to its schema, and each path that claims to record one does."""
