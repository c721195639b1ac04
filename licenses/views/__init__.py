"""Endpoints of licensing, by what they act on."""
