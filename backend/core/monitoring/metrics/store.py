"""Where the numbers of this process are: in its memory, or in a file that the other workers can read."""

from __future__ import annotations

import threading

from .description import Description
from .memory import MemoryCells, Place
from .shared.worker_file import WorkerFile


class Store:
    """Gives each label set its place.

    Its one lock is held for every store into a cell. It is reentrant: a signal handler or a finalizer that records may
    run while this very thread does.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.memory = MemoryCells()
        self.file: WorkerFile | None = None
        self.moves = 0
        """How often label sets were given another place; who remembers one must look again when it has risen."""
        self.refusal: OSError | None = None
        """Why the file has not taken what was placed last: its disk is full."""

    def place(self, description: Description, text: bytes) -> Place:
        """Room for one label set, at 0; in memory when the disk is full. Call it with the lock held."""
        if self.file is not None:
            try:
                return self.file.add_series(description, text)
            except OSError as error:
                self.refusal = error
        return self.memory.allocate(description.cells)

    def place_exemplars(self, description: Description, text: bytes, cells: int) -> Place:
        """Room for the exemplars of one label set. Call it with the lock held."""
        if self.file is not None:
            try:
                return self.file.add_exemplars(description, text, cells)
            except OSError as error:
                self.refusal = error
        return self.memory.allocate(cells)

    def move_to(self, file: WorkerFile | None) -> None:
        """Put what is placed from now on into `file`; None starts over in fresh memory. Call it with the lock held."""
        if self.file is not None:
            self.file.close()
        self.file = file
        if file is None:
            self.memory = MemoryCells()
