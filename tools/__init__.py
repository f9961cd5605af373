"""The commands behind the Makefile's targets."""
