"""Set up .venv, its packages and the Pulumi engine, by the standard library alone."""
