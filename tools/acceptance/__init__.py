"""Run the whole life of the stack on Azure, and compare each step with the sandbox."""
