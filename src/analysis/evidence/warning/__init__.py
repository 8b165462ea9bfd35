"""Early warning: who will end early, told before it happens."""
