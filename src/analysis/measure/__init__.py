"""How the alliance is scored and how well it is measured."""
