"""What may be done with partners, and by whom."""

from storeline.kernel.api import permission

READ = permission(
    "partners.read", "See partners and what was agreed with them", roles=("service_desk", "marketer", "finance")
)
MANAGE = permission("partners.manage", "Take partners on, agree with them, give them access")
WEBHOOKS = permission("partners.webhooks", "Set up one's own organisation's webhooks", roles=("partner",))
