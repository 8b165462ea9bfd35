"""How well the alliance was measured, and by whom it was not."""
