"""Seats: the simulation of their protocol, the history checker, and the proofs on real services."""
