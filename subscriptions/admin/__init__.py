"""What administrators see of plans and subscriptions; plans and prices are theirs to change."""

from subscriptions.admin import billing, plans

__all__ = ["billing", "plans"]
