"""What may be done in identity, and by whom."""

from storeline.kernel.api import ROLES, permission

SIGN_IN = permission("identity.sign_in", "Sign in, sign out and see who one is", roles=("guest", *ROLES))
VIEW_USERS = permission("identity.view_users", "See users and their roles", roles=("service_desk",))
MANAGE_USERS = permission("identity.manage_users", "Create users, change their roles, shut them out")
MANAGE_CLIENTS = permission("identity.manage_clients", "Create API clients, change their secrets, shut them out")
