"""Members and guests, how to reach them, what they agreed to."""
