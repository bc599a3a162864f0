# The image of web, worker and phone simulator alike; docker-compose.yml says which is which.
# Node and pip stay behind in their stages: the last one holds Python, the locked packages and the product.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS frontend
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --prefer-binary -r requirements.txt
COPY backend backend
COPY schedules schedules
COPY notifications notifications
COPY tools/__init__.py tools/frontend.py tools/
COPY --from=frontend /src/node_modules node_modules
RUN python -m tools.frontend \
    && pybabel compile --directory backend/dashboard/translations \
    && python -m compileall -q /opt/venv backend schedules notifications

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RECOVERY_ENV=production
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home recovery \
    && install --directory --owner=recovery instance
COPY --from=build /opt/venv /opt/venv
COPY gunicorn.conf.py ./
COPY --from=build /app/backend backend
COPY --from=build /app/schedules schedules
COPY --from=build /app/notifications notifications
USER 10001
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
