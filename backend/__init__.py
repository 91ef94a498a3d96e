"""Artisan Hub: LLM agents that help India's craftspeople find suppliers, fairs and institutions."""

__version__ = "0.1.0"
