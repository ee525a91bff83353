# Callfloor in a container. Without CALLFLOOR_DATABASE_URL it keeps its own PostgreSQL in the volume.
#   docker build -t callfloor . && docker run -p 8080:8080 -v callfloor:/var/lib/callfloor callfloor

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN ["python", "-m", "venv", "/opt/build"]
RUN ["/opt/build/bin/python", "-m", "pip", "install", "--require-hashes", "-r", "requirements/build.txt"]
RUN ["python", "-m", "venv", "/opt/callfloor"]
RUN ["/opt/callfloor/bin/python", "-m", "pip", "install", "--require-hashes", "-r", "requirements/run.txt"]
COPY pyproject.toml README.md ./
COPY app app
COPY migrations migrations
RUN ["/opt/build/bin/python", "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "/opt/wheels", "."]
RUN ["/opt/callfloor/bin/python", "-m", "pip", "install", "--no-deps", "--no-index", "--find-links", "/opt/wheels", "callfloor"]

FROM python:3.11-slim-bookworm
# PostgreSQL wants to find its user by name, Kubernetes wants to see a number
RUN ["useradd", "--system", "--user-group", "--uid", "10001", "--home-dir", "/var/lib/callfloor", "--create-home", "callfloor"]
COPY --from=build /opt/callfloor /opt/callfloor
ENV PATH=/opt/callfloor/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
ENV CALLFLOOR_VAR=/var/lib/callfloor CALLFLOOR_HTTP_HOST=0.0.0.0 CALLFLOOR_HTTP_PORT=8080 CALLFLOOR_LOG_FORMAT=json
WORKDIR /var/lib/callfloor
USER 10001:10001
VOLUME ["/var/lib/callfloor"]
EXPOSE 8080
# a database of its own stops with it and may take longer than the ten seconds after which Docker kills:
# docker stop --timeout 60, or stop_grace_period: 60s
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['CALLFLOOR_HTTP_PORT'] + '/healthz', timeout=3)"]
ENTRYPOINT ["callfloor", "serve"]
