"""The alliance-outcome pipeline: raw tables in, honest answers out."""
