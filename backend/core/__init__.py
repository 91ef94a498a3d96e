"""What every part of the backend may import: settings, errors, monitoring."""
