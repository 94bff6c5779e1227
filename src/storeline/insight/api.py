"""How trade goes: daily figures by place, channel and department, kept beside the orders that they are made of."""

from storeline.insight.permissions import VIEW

__all__ = ["VIEW"]
