"""What unknown files look like, and the mapping proposed for them."""
