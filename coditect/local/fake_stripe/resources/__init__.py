"""One module for each kind of Stripe's objects: how it is made, changed and answered."""
