"""Sources: a file in; its rows out, usable or refused by name."""
