"""Drive the program on the sandbox; what tools and tests share."""
