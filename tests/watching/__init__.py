"""What watches the service: Prometheus with its alerts and rules, Alertmanager, the dashboards."""
