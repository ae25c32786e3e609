"""Describe what a running job reports while it runs: lossy, never part of its record."""

from enum import StrEnum

from pydantic import Field

from core.contracts.base import Contract
from core.contracts.ids import JobId


class Phase(StrEnum):
    """What the worker is doing for a job."""

    LOADING = "loading"
    DENOISING = "denoising"
    FINISHING = "finishing"


class Progress(Contract):
    """One report: the step reached and, sometimes, a small preview picture."""

    job_id: JobId
    phase: Phase
    step: int = Field(default=0, ge=0)
    total_steps: int = Field(default=0, ge=0)
    picture: int = Field(default=0, ge=0, description="Which picture of the job, from 0.")
    picture_count: int = Field(default=1, ge=1)
    preview_jpeg: bytes | None = Field(default=None, description="Shown to the requester only.")
