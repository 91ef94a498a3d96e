"""The catalogue of crafts, suppliers, fairs and institutions: seeding, understanding and search."""

from .answer import compose_answer
from .catalogue import Catalogue
from .records import KINDS, Record
from .results import Hit, SearchResult
from .understanding import Understanding
from .vocabulary import Vocabulary

__all__ = ["KINDS", "Catalogue", "Hit", "Record", "SearchResult", "Understanding", "Vocabulary", "compose_answer"]
