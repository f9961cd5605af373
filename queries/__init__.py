"""Questions to the workspace, one a `.kql` file, and the check that asks them."""
