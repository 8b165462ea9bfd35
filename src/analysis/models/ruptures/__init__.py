"""Ruptures of the alliance read from ratings: drops, repair, false alarms, what goes with them."""
