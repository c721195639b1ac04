"""The use cases of licensing, a module each; seats.py holds what all seat decisions stand on."""
