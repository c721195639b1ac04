"""The use cases of accounts, a module each."""
