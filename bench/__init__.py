"""Benchmarks: `python -m bench NAME [--json]`. Each measures in a database of its own and cleans up."""
