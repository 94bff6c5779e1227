"""The till is a face: nothing stands above it to use it."""

__all__: list[str] = []
