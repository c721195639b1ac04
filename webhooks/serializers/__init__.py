"""Shapes of events, in and out."""
