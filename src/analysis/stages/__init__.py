"""The edge: each stage reads files, calls pure functions and writes files, and no more."""
