"""Take what Azure has already into the stack: `make adopt`, after a `pulumi up` was cut off."""
