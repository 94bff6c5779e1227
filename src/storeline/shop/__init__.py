"""The online shop: what a shopper sees, on a phone first. It owns nothing but baskets of members."""
