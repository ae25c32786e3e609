"""Draw with the families of models whose requests may share the steps of one batch."""
