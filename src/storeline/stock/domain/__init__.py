"""Pure rules of stock: goods and promises, lots, transfers."""
