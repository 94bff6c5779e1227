"""Organisations that trade with us, what each may see, and signed webhooks to them."""
