"""Where trade happens: legal entities and the places of every format."""
