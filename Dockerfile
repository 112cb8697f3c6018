# The daemon alone, from locked packages, run by a user without rights. Asterisk is beside it: see compose.yaml.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/ctid && python -m venv /opt/build
COPY requirements/daemon.txt requirements/build.txt requirements/
RUN /opt/ctid/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/daemon.txt \
    && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY ctid ctid
COPY web web
COPY bootstrap/web bootstrap/
# The pages are made of the API's own description, so they need both: Node, and ctid.
RUN PYTHONPATH=/src PATH=/opt/ctid/bin:/opt/build/bin:$PATH bootstrap/web
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/ctid/bin/pip install --no-cache-dir --no-deps /dist/ctid-*.whl \
    && /opt/ctid/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
# What speaks texts where no other voice is given.
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/ctid --create-home --shell /usr/sbin/nologin ctid
COPY --from=build /opt/ctid /opt/ctid
ENV PATH=/opt/ctid/bin:$PATH PYTHONUNBUFFERED=1
USER ctid
# Journal and records lie here; a relative path in the configuration is relative to this.
WORKDIR /var/lib/ctid
VOLUME /var/lib/ctid
# Asterisk reads here what ctid has spoken: another volume, as the rest is none of its business.
RUN mkdir speech
VOLUME /var/lib/ctid/speech
# REST, WebSocket, metrics and health; FastAGI for the Asterisks.
EXPOSE 8080 4573
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["ctid"]
CMD ["run", "--config", "/etc/ctid"]
