"""`make adopt`: after a `pulumi up` was cut off, import what Azure has already into the stack."""
