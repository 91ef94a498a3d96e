"""What can be linted: files of rules, dashboards, objectives and documents, each read by a file of its own."""
