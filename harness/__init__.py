"""The program on the sandbox, as tools and tests drive it."""
