"""A deployed stack, and every listed mistake in it."""
