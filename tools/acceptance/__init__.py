"""The whole life of the stack on Azure, each step held against what the sandbox says of it."""
