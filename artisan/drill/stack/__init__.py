"""The stack of a rehearsal, with all that a fault can do to it."""
