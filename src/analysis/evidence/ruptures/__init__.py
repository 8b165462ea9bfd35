"""Ruptures and repair, beside what chance alone would show."""
