# The server for production: web, worker, beat and migrations run from this one image, see docker-compose.yml.
# It holds no embedded servers, no development tools, no shell scripts of ours and no secrets.

FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock .
# Wheels only: nothing is built, so no compiler is needed and no package's code runs here.
RUN /opt/venv/bin/python -m pip install --no-deps --only-binary=:all: --require-hashes -r requirements.lock

FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 coditect \
    && useradd --system --uid 10001 --gid coditect --home-dir /app --shell /usr/sbin/nologin coditect
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Compiled here, because the running file system is read-only.
RUN /opt/venv/bin/python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 BIND=0.0.0.0:8000
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import urllib.request;\
urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "-c", "coditect/gunicorn_conf.py", "coditect.wsgi"]
