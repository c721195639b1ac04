"""Use cases of plans and subscriptions."""
