"""The course of the relationship: gap, growth, lags, early discrepancy, mediation."""
