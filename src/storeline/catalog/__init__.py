"""What is sold: products, their codes and names, categories, listings, and the search over them."""
