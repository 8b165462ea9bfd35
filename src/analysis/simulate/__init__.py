"""Programmes with known truth, written the way real exports arrive."""
