"""What the processes that serve, fill and measure have to agree on."""

SEATS = 10
FREE_LICENSES = 1500
EMPTY_PATH = "/api/v1/bench/empty/"
