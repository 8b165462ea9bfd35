"""Raw tables to the four clean tables, with every row accounted for."""
