"""Events in from Stripe and out to customers."""
