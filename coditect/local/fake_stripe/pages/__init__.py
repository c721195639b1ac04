"""The hosted pages, for people: checkout, billing portal, invoice, and the control page that Stripe does not have."""
