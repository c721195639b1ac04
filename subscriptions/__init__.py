"""Plans, prices and paid subscriptions."""
