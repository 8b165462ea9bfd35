"""What tells of a person in a raw column: addresses, moments, names, free text."""
