"""Say how much of everything a run of the recipe gets: what the shipped weights got, or crumbs."""

from dataclasses import dataclass

from worker.train.schedules import Stopwatch


@dataclass(frozen=True, slots=True)
class Length:
    """How long a stage trains: in minutes, or in steps whatever they take."""

    minutes: float | None = None
    steps: int | None = None

    def watch(self, until: float | None = None) -> Stopwatch:
        """Start a watch for it; a moment to be done by goes before it."""
        if until is not None:
            return Stopwatch(until=until)
        return Stopwatch(minutes=self.minutes, steps=self.steps)


@dataclass(frozen=True, slots=True)
class Budget:
    """What each stage gets."""

    name: str
    captions: int
    """For the tokenizer."""
    scenes: int
    """For the autoencoder."""
    autoencoder: Length
    decoder: Length
    shards: int
    """Files of scenes that are encoded for the denoiser."""
    shard_size: int
    harder_from: int
    """The first shard whose scenes show more often what is hard to learn."""
    text: Length
    denoiser: Length
    processes: int = 2
    """That average their gradients, one thread each."""
    seeds: int = 3
    """Of the evaluation."""
    asked: int | None = None
    """Concepts that the evaluation asks for alone; None: all."""
    drawing_steps: int | None = None
    """Of each picture of the evaluation; None: the profile's."""


SHIPPED = Budget(
    name="shipped",
    captions=6_000,
    scenes=16_000,
    autoencoder=Length(minutes=31),
    decoder=Length(minutes=14),
    shards=9,
    shard_size=2_048,
    harder_from=6,
    text=Length(minutes=7),
    denoiser=Length(minutes=190),
)
"""What the shipped weights got, as the logs and checkpoints of their stages have it; of text
encoder and denoiser, the earlier model's time and theirs together. On two shared cores."""

TINY = Budget(
    name="tiny",
    captions=2_000,
    scenes=160,
    autoencoder=Length(steps=24),
    decoder=Length(steps=24),
    shards=3,
    shard_size=64,
    harder_from=2,
    text=Length(steps=60),
    denoiser=Length(steps=24),
    processes=1,
    seeds=1,
    asked=4,
    drawing_steps=4,
)
"""Every stage in miniature: it shows that the road is whole, and draws nothing that one knows."""

BUDGETS = {budget.name: budget for budget in (SHIPPED, TINY)}
