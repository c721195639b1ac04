"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coditect.settings")

application = get_wsgi_application()

from licenses.services.repair import start_pulse  # noqa: E402 (needs the apps)

start_pulse()
