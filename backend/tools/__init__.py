"""What agents can do. To add a tool, add a file like `lookup_record.py` and name its class in `build_tools`."""

from typing import Any

from backend.catalog import Catalogue

from .fairs_by_month import FairsByMonth
from .lookup_record import LookupRecord
from .search_catalogue import SearchCatalogue
from .tool import Arguments, Found, Tool, Toolbox

__all__ = ["Arguments", "FairsByMonth", "Found", "LookupRecord", "SearchCatalogue", "Tool", "Toolbox", "build_tools"]


def build_tools(catalogue: Catalogue) -> tuple[Tool[Any], ...]:
    """Every tool of the service, over one catalogue."""
    return (SearchCatalogue(catalogue), LookupRecord(catalogue), FairsByMonth(catalogue))
