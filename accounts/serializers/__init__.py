"""Shapes of accounts, in and out."""
