"""Take into the stack what Azure has already: `make adopt`, after a `pulumi up` that was cut off."""
