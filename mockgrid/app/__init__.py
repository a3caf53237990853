"""The application: the way of a request, from its head to its reply and the journal."""
