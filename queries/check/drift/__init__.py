"""Everything that the stack declares, against what Azure says of it now."""
