"""Keeping stores well: whether a run is sound, moving it, and saving what can be saved of a damaged one."""
