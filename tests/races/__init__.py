"""Many clients at once against the real server, with nothing failing."""
