"""Estimators: frames in, tidy rows out."""
