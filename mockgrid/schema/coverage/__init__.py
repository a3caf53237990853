"""Which branches of a schema values have exercised."""
