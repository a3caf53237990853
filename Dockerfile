# MockGrid as a service; docs/container.md has its use. Builds with BuildKit and with the classic builder:
#
#     docker build --tag mockgrid .

# Any image will do for BASE that has Python 3.11 or newer as python3, and a shell. BUILDER may be another,
# such as one with your certificates, if its Python is the same and stands in the same place.
ARG BASE=python:3.13-slim
ARG BUILDER=${BASE}

FROM ${BUILDER} AS build
# Where pip finds packages, if not where the builder image says. Nothing of this stage's history is in the image.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# pip has an environment of its own, which stays behind.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/mockgrid
COPY requirements/runtime.txt /src/
RUN /opt/pip/bin/pip --python /opt/mockgrid/bin/python install --only-binary :all: --requirement /src/runtime.txt
COPY LICENSE README.md pyproject.toml /src/
COPY openapi /src/openapi
COPY scenarios /src/scenarios
COPY mockgrid /src/mockgrid
RUN /opt/pip/bin/pip --python /opt/mockgrid/bin/python install --no-deps /src \
 && rm -rf /opt/mockgrid/include /opt/mockgrid/bin/activate* /opt/mockgrid/bin/Activate*

FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="MockGrid" \
      org.opencontainers.image.description="A fake of The Grid's Consumption API (OpenAI-compatible) for contract testing" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/mockgrid /opt/mockgrid
ENV PATH=/opt/mockgrid/bin:${PATH}
# Python's own images come with pip, which nothing here needs, and without compiled modules. Who runs the image may
# not write, so whatever is not compiled now would be compiled at every start.
RUN library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') \
 && rm -rf /usr/local/bin/pip* "$library"/ensurepip "$library"/site-packages/* \
 && python3 -m compileall -q -x '/(test|tests|idlelib|lib2to3|pydoc_data|tkinter|turtledemo)/' "$library"
# Made here, so that a server to which nothing is mounted finds an empty folder.
WORKDIR /scenarios
ENV MOCKGRID_HOST=0.0.0.0 MOCKGRID_PORT=8080 MOCKGRID_SCENARIOS=/scenarios
# A number, for Kubernetes can see of no name that it is not root's.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=3s --start-period=5s --retries=3 \
  CMD exec mockgrid wait "http://127.0.0.1:${MOCKGRID_PORT}" --timeout 2s
ENTRYPOINT ["mockgrid"]
CMD ["serve"]
