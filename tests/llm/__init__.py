"""Language models, measured."""
