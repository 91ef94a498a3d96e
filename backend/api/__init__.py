"""The HTTP interface: requests in, answers and problem documents out."""
