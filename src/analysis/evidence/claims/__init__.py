"""The claims ledger: what each claim needs, its test, and its verdict in each dataset."""
