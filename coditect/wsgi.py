"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from coditect.api.chunks import with_chunks_read

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coditect.settings")

application = with_chunks_read(get_wsgi_application())
