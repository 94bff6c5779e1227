"""The pure rules of what follows an order: picking and its money, and substitutes for what is missing."""
