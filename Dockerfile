# The service in one image: `docker build -t troubadour .`
# `--build-arg SANDBOX=1` adds the simulated gateway, whose speech engine is GPL-3.0; `--build-arg S3=1` what
# ARTIFACTS_URL needs.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ARG SANDBOX=
ARG S3=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/base.lock requirements/dev.lock requirements/
# What is not in the lock file with its hash does not get in, build tools included.
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' \
      requirements/dev.lock > build.lock \
    && awk '/^[a-z]/ { keep = /^(espeakng-loader|numpy)==/ } keep' requirements/dev.lock > sandbox.lock \
    && awk '/^[a-z]/ { keep = /^obstore==/ } keep' requirements/dev.lock > s3.lock \
    && pip install --require-hashes --only-binary :all: -r build.lock \
    && python -m venv --without-pip /opt/troubadour \
    && pip --python /opt/troubadour/bin/python install --require-hashes --only-binary :all: \
      -r requirements/base.lock ${SANDBOX:+-r sandbox.lock} ${S3:+-r s3.lock}
COPY pyproject.toml README.md LICENSE ./
COPY bots bots
COPY core core
COPY storage storage
RUN python -m hatchling build -t wheel -d /dist \
    && pip --python /opt/troubadour/bin/python install --no-deps --no-index /dist/*.whl

FROM python:${PYTHON}-slim
# Everything that is written goes to /data, so the root file system can be read-only.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin troubadour \
    && install -d -o troubadour -g troubadour -m 0700 /data /backups
COPY --from=build /opt/troubadour /opt/troubadour
ENV PATH=/opt/troubadour/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    TMPDIR=/data \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(f'http://127.0.0.1:{os.environ[\"HTTP_PORT\"]}/healthz', timeout=3)"]
ENTRYPOINT ["troubadour"]
CMD ["run"]
