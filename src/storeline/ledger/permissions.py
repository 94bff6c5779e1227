"""What may be done with the books."""

from storeline.kernel.api import permission

VIEW = permission("ledger.view", "See the books", roles=("finance",))
MANAGE_ACCOUNTS = permission("ledger.manage_accounts", "Add accounts to the chart", roles=("finance",))
TRANSFER = permission("ledger.transfer", "Move value held for shoppers", roles=("finance",))
