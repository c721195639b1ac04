"""Endpoints of plans and subscriptions."""
