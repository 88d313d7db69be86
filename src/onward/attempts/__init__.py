"""Trying: one item's way from its value to its outcome, with retries, limits, timeouts and steps."""
