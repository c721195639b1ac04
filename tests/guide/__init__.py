"""Clients that behave as those of the published integration guide do, against the real server."""
