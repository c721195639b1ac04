"""Shapes of licensing, in and out, by what they tell of."""
