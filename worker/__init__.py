"""Draw: Celery tasks around a supervised diffusion engine."""
