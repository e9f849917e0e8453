"""The plant telemetry stack and its parts."""
