"""Which test lies when: lines of evidence held to known truth, and the power they have."""
