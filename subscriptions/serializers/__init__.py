"""Shapes of plans, subscriptions and invoices, in and out."""
