"""The seat protocol in virtual time: the product's own Lua and leases, a model of the rest, and every fault we know."""
