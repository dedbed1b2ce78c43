# One image for all services and commands: `impex run registration`, `impex migrate`. The target
# `catcher` is the mail catcher of compose.yaml, from the same npm lock file.
FROM node:20-bookworm-slim AS front
WORKDIR /front
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim AS catcher
WORKDIR /catcher
COPY --from=front /front/node_modules node_modules
COPY operations/local/same_origin.cjs ./
USER node
EXPOSE 1025 1080
CMD ["node", "--require", "./same_origin.cjs", "node_modules/maildev/dist/bin/maildev.js", "--ip", "0.0.0.0", "--max-emails", "1000"]

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin impex
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=front /front/node_modules/@gouvfr/dsfr/dist node_modules/@gouvfr/dsfr/dist
COPY shared shared
COPY services services
COPY operations operations
# Compiled here because the container's user has no write access.
RUN python -m compileall -q shared services operations
USER impex
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "operations"]
CMD ["--help"]
