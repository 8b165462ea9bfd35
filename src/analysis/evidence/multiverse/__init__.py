"""D under every combination of reasonable choices."""
