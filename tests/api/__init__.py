"""The two dialects, limits and input."""
