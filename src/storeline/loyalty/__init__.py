"""Coupons: who may use which, how often, and what it takes off."""
