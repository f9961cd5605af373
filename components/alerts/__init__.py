"""Alert rules as data, and how each becomes a resource."""
