"""Hold what every process shares: contracts, workflow, storage, blobs, provenance, settings."""
