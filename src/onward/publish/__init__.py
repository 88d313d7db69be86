"""Finishing: results to where the user asked for them, then the marker, then less of the run."""
