"""Lifecycle: the corridor that leads through all rooms, the only place that knows them."""
