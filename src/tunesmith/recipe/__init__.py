"""Recipe: a YAML page in; a checked, resolved and fingerprinted recipe out."""
