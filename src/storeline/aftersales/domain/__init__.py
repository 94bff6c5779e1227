"""Pure rules of returns: no Django, no database."""
