"""What is written to people (email, SMS), and one-time codes."""
