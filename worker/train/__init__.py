"""Train the shipped model from nothing: `make train-model` runs each stage not yet done."""
