"""Licenses, their keys, and the seats that machines hold."""
