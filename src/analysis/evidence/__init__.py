"""Lines of evidence and the verdicts that rest on them."""
