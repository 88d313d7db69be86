"""What is to be done: the resume rule, and the way from a source's values to units of work."""
