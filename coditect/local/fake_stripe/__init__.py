"""A Stripe for one machine: the part of its API, pages and events that selling seats needs. Never in production."""
