"""Whether somebody asked to stop: doors bring the answer; whoever has none says never."""


def never() -> bool:
    """Say that nobody asked to stop."""
    return False
