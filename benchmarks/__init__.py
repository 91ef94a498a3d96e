"""What the monitoring costs, measured beside its peers: `make bench`."""
