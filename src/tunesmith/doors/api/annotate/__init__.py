"""The annotation page: the door through which people label, correct, rank and write answers."""
