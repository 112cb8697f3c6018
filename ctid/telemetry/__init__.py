"""telemetry: metrics and logs, each configured in one place."""
