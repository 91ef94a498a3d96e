"""How a transaction that writes is told from one that reads."""

WRITE = "artisan_write"  # the execution option: such a transaction takes the write lock before anything else
