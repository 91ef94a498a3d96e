"""How metrics are shown to a scraper."""
