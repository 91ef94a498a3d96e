"""Agents, their runner, and how they read a query."""
