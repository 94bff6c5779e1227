"""What every HTTP face shares: errors as problems, headers, health, metrics; later the base pages."""
