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
USER 1000
EXPOSE 1025 1080
CMD ["node", "--require", "./same_origin.cjs", "node_modules/maildev/dist/bin/maildev.js", "--ip", "0.0.0.0", "--max-emails", "1000"]

# What is only needed to make the image: pip, and the design system of which pages use a part.
FROM debian:bookworm-slim AS packages
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-pip python3-venv postgresql-client-15
WORKDIR /build
COPY requirements.lock ./
RUN python3 -m venv --without-pip /venv \
    && python3 -m pip --python /venv/bin/python install --no-cache-dir --no-compile \
        --require-hashes -r requirements.lock
# Data that no service reads: where telephone numbers are from, and the words of other languages.
RUN cd /venv/lib/python3.11/site-packages \
    && rm -r phonenumbers/geodata phonenumbers/carrierdata phonenumbers/tzdata \
    && find babel/locale-data -type f ! -name 'root.dat' ! -name 'en*.dat' ! -name 'fr*.dat' -delete
# Compiled here because the container's user has no write access.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /venv
COPY --from=front /front/node_modules/@gouvfr/dsfr/dist dsfr
COPY services/gateway/http/design_system.py ./
RUN python3 design_system.py dsfr /dsfr

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 libpq5 ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin impex
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# For `impex backup` and `impex restore`, without the rest of the client's package.
COPY --from=packages /usr/lib/postgresql/15/bin/pg_dump /usr/lib/postgresql/15/bin/pg_restore /usr/lib/postgresql/15/bin/
COPY --from=packages /venv /venv
COPY --from=front /front/node_modules/@gouvfr/dsfr/LICENSE.md node_modules/@gouvfr/dsfr/
COPY --from=packages /dsfr node_modules/@gouvfr/dsfr/dist
COPY shared shared
COPY services services
COPY operations operations
COPY partners partners
RUN python -m compileall -q --invalidation-mode unchecked-hash shared services operations partners
USER 10001
STOPSIGNAL SIGTERM
# Short, because the proxy waits for it; it takes a twentieth of a second of one core.
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s --retries=15 \
    CMD ["python", "-m", "operations", "healthy"]
ENTRYPOINT ["python", "-m", "operations"]
CMD ["--help"]
