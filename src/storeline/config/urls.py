"""Every address. Each module's `pages.py` is found as its `http.py` is."""

from importlib import import_module, util

from django.conf import settings
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from storeline.config.api import api
from storeline.identity.api import Pages
from storeline.web import admin, health, metrics
from storeline.web import pages as web_pages

urlpatterns = [
    path("api/v1/", api.urls),
    path("oauth/", include("storeline.identity.oauth_urls", namespace="oauth2_provider")),
    re_path("^(?:accounts/password|admin/password_change)/", RedirectView.as_view(pattern_name="messages:forgot")),
    re_path("^accounts/(?:email|confirm-email|signup)/", RedirectView.as_view(url="/start")),
    path("accounts/", include("allauth.urls")),  # less what would write past our commands
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.page),
    path("styleguide", web_pages.styleguide, name="styleguide"),
    path("preferences", web_pages.preferences, name="preferences"),
]
PAGES: dict[str, Pages] = {
    module: import_module(f"storeline.{module}.pages").pages
    for module in settings.MODULES
    if util.find_spec(f"storeline.{module}.pages")
}
for module, pages in PAGES.items():
    urlpatterns.append(path("", include((pages.urls, module))))
if settings.DEBUG:
    urlpatterns += staticfiles_urlpatterns()

handler400 = "storeline.web.problems.bad_request"
handler403 = "storeline.web.problems.permission_denied"
handler404 = "storeline.web.problems.page_not_found"
handler500 = "storeline.web.problems.server_error"
