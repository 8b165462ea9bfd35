"""Early warning: what is known at a check-in, against what happens after it."""
