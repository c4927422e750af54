"""Core: the cards rooms pass to each other, the contracts they keep, the registry that finds them."""
