"""The door for data: the folder format, its import and export, and the demo retailer."""
