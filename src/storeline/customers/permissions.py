"""What may be done with customers, and by whom."""

from storeline.kernel.api import permission

OWN = permission("customers.own", "See, export and erase one's own data, give and withdraw consent", roles=("shopper",))
JOIN = permission("customers.join", "Become a member with one's sign-in", roles=("shopper",))
FIND = permission(
    "customers.find",
    "Find a member by card, number or address",
    roles=("associate", "shop_manager", "service_desk"),
)
READ = permission("customers.read", "See customers and their details", roles=("service_desk", "shop_manager"))
WRITE = permission("customers.write", "Register customers and change their details", roles=("service_desk",))
CONSENT = permission("customers.consent", "Record what a customer agreed to", roles=("service_desk",))
EXPORT = permission("customers.export", "Hand a person all data about them", roles=("service_desk",))
ERASE = permission("customers.erase", "Erase a person's data", roles=("service_desk",))
MERGE = permission("customers.merge", "Link two records of one person, and undo it", roles=("service_desk",))
LOAD = permission("customers.load", "Load customers in bulk")
