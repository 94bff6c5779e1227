"""What may be done with messages, and by whom."""

from storeline.kernel.api import permission

READ = permission("messages.read", "See what was sent to whom, without its words", roles=("service_desk",))
RESEND = permission("messages.resend", "Send a failed message again", roles=("service_desk",))
