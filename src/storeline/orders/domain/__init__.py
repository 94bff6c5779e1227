"""The pure rules of an order: what a draft is, what it costs, and the decision."""
