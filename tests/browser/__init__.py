"""What a person clicks: Stripe's pages in a browser, before the real server and its real worker."""
