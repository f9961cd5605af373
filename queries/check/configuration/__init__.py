"""The deployed configuration against the declared one, read once and read-only."""
