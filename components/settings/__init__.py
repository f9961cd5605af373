"""The stack file's configuration, checked as a whole before any resource."""
