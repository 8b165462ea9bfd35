"""Lines of evidence: each answers one doubt about the difference of the two correlations."""
