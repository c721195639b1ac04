"""Every path: the two dialects of the API, their documents, and the console."""

from django.contrib import admin
from django.urls import path

import accounts.urls
import health.urls
import licenses.urls
import subscriptions.urls
import webhooks.urls
from coditect.api import docs
from coditect.api.routers import DIALECTS, Router
from licenses.views.files import KeysView

router = Router()
for app in (licenses, accounts, subscriptions, webhooks, health):
    app.urls.register(router)

urlpatterns = [
    *(router.mount(dialect) for dialect in DIALECTS),
    *docs.urls(router),
    path(".well-known/jwks.json", KeysView.as_view(), name="jwks"),
    path("admin/", admin.site.urls),
]

handler400 = "coditect.api.errors.bad_request"
handler404 = "coditect.api.errors.page_not_found"
handler500 = "coditect.api.errors.server_error"
