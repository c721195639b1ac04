"""Licenses, their keys and their seats."""
