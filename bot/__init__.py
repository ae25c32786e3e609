"""Meet people: grammar, use cases, wording, delivery and one front-end per platform."""
