"""What the product costs, measured in one run and told as ratios: `python -m tests.bench`."""
