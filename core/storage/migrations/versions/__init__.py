"""One module a step, in order; a step that has been released never changes."""
