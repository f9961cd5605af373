"""Azure on one machine: what the stack is rehearsed and tested against."""
