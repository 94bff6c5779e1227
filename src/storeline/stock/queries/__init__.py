"""Reads of stock, a file for each thing that is read."""
