"""Where things are kept: the database with its migrations and metrics, and the caches before it."""

from .cache import Cache, MemoryCache
from .database import Database
from .limits import Limits
from .read_through import ReadThrough
from .valkey import ValkeyCache

__all__ = ["Cache", "Database", "Limits", "MemoryCache", "ReadThrough", "ValkeyCache"]
