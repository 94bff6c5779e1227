"""Who may see what partners are owed, and settle it."""

from storeline.kernel.api import permission

READ = permission(
    "consignment.read",
    "See a partner's goods, their sales and settlements; a partner its own",
    roles=("finance", "partner"),
)
SETTLE = permission("consignment.settle", "Settle what partners are owed", roles=("finance",))
