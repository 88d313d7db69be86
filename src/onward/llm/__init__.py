"""Models behind one call. Importing this package loads no model and no optional dependency."""
