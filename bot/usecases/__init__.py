"""Do what people ask for, whatever door they came through: plain functions that answer a `Reply`.

Each raises `AppError` for what it refuses; `commands.run` and `actions.press`, the two entrances
of a front-end, turn these into the reply that says so.
"""
