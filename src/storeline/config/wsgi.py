"""The application that granian's workers serve."""

import os

from django.core.wsgi import get_wsgi_application

from storeline.config.work import follow_clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
application = get_wsgi_application()
follow_clock()
