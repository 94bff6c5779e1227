"""The order: quoted, placed, confirmed, completed or cancelled, through one writer for every channel."""
