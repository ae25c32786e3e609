# One file, two images: `light` (web, screening, migrate; no torch) and `gpu` (worker).
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# /data holds blobs and keys, /models what is downloaded; both are volumes in docker-compose.yml,
# and a new volume takes the owner of the folder that it covers.
RUN useradd --uid 10001 --create-home easel \
 && install -d -o easel -g easel /data /models
WORKDIR /src
COPY requirements.lock ./

FROM base AS light
COPY . .
# A chat platform's front-end adds its extra here: EXTRAS=web,postgres,s3,discord
ARG EXTRAS=web,postgres,s3
RUN pip install -c requirements.lock ".[${EXTRAS}]"
WORKDIR /home/easel
USER easel
CMD ["easel", "--help"]

FROM base AS gpu
# torch first and by itself: its layer is gigabytes and outlives every change of the source.
# On x86-64 its wheels bring CUDA along; the host brings the driver.
RUN pip install -c requirements.lock torch
COPY . .
ARG EXTRAS=worker,postgres,s3
RUN pip install -c requirements.lock ".[${EXTRAS}]"
WORKDIR /home/easel
USER easel
CMD ["easel", "worker"]
